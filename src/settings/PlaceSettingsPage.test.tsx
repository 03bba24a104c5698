import store from '@kinvolk/headlamp-plugin/lib/redux/stores/store';
import { act, screen, within } from '@testing-library/react';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { SIDECAR_LABELS } from '../../sidecar/api/names.ts';
import { connectionTo, onOtherPerson } from '../api/session/connection';
import { placeOf, type PlaceSettings } from '../api/session/place';
import { fakeCluster, refusal } from '../testing/fakeCluster';
import { mount } from '../testing/mount';
import { WithText } from '../ui/text';
import { savePlaces } from './places';
import { PlaceSettingsPage } from './PlaceSettingsPage';

const NO_TOKEN = refusal(
  401,
  'the request carries no token in X-NKVM-Token or Authorization: Bearer'
);
const BINDINGS = 'GET /apis/rbac.authorization.k8s.io/v1/clusterrolebindings';

beforeEach(() => void savePlaces(() => ({ clusters: {} })));

/** Saves in another tab of the browser, which tells this one. */
const saveInAnotherTab = (settings: PlaceSettings) =>
  act(() => {
    const before = localStorage.getItem('nkvm-places');
    localStorage.setItem('nkvm-places', JSON.stringify(settings));
    const newValue = localStorage.getItem('nkvm-places');
    window.dispatchEvent(
      new StorageEvent('storage', { key: 'nkvm-places', oldValue: before, newValue })
    );
  });

/** Opens the settings where Headlamp knows one cluster. */
async function open(answers: Parameters<typeof fakeCluster>[0] = {}) {
  const cluster = fakeCluster(answers);
  const { config } = store.getState();
  const know = (clusters: unknown) =>
    act(() => void store.dispatch({ type: 'config/setConfig', payload: { clusters } }));
  know({ [cluster.name]: { name: cluster.name } });
  onTestFinished(() => know(config.clusters));
  const page = (
    <WithText>
      <PlaceSettingsPage />
    </WithText>
  );
  const user = mount(page, '/settings/plugins/nkvm');
  const section = within(await screen.findByRole('region', { name: cluster.name }));
  const fill = async (field: string, text: string) => {
    await user.clear(section.getByLabelText(field));
    await user.type(section.getByLabelText(field), text);
  };
  const check = () => user.click(section.getByRole('button', { name: /^Check/ }));
  const save = () => user.click(screen.getByRole('button', { name: 'Save' }));
  return { cluster, section, user, fill, check, save };
}

describe('the settings of the plugin', () => {
  it('name another place for one cluster', async () => {
    const { cluster, fill, save } = await open();
    await fill('Namespace', 'backup');
    await save();
    expect(screen.getByText('Saved.')).toBeVisible();
    expect(placeOf(cluster.name)).toMatchObject({ namespace: 'backup', service: 'nkvm' });
    expect(placeOf('another')).toMatchObject({ namespace: 'nkvm', service: 'nkvm' });
  });

  it('name another place for all clusters', async () => {
    const { cluster, user, save } = await open();
    const all = within(screen.getByRole('region', { name: 'All clusters' }));
    await user.type(all.getByLabelText('Service'), 'volumes');
    await save();
    expect(placeOf(cluster.name)).toMatchObject({ namespace: 'nkvm', service: 'volumes' });
  });

  it('keep what another tab has saved meanwhile, and show it', async () => {
    const { cluster, fill, save } = await open();
    await fill('Namespace', 'backup');
    const place = { namespace: 'team', service: 'nkvm' };
    saveInAnotherTab({
      all: { namespace: 'all', service: 'nkvm' },
      clusters: { another: place },
      protectors: { third: { runsIn: 'another', as: 'third' } },
    });
    const another = within(await screen.findByRole('region', { name: 'another' }));
    expect(another.getByLabelText('Namespace')).toHaveValue('team');
    await save();
    expect(placeOf(cluster.name)).toMatchObject({ namespace: 'backup' });
    expect(placeOf('another')).toMatchObject(place);
    expect(placeOf('third')).toMatchObject({ cluster: 'another', as: 'third' });
    expect(placeOf('fourth')).toMatchObject({ namespace: 'all' });
  });

  it('warn before they replace what another tab has saved for the same cluster', async () => {
    const { cluster, section, fill, save } = await open();
    await fill('Namespace', 'backup');
    saveInAnotherTab({ clusters: { [cluster.name]: { namespace: 'team', service: 'nkvm' } } });
    expect(
      section.getByText(/^Another tab has saved namespace team and Service nkvm/)
    ).toBeVisible();
    expect(section.getByLabelText('Namespace')).toHaveValue('backup');
    await save();
    expect(placeOf(cluster.name)).toMatchObject({ namespace: 'backup' });
    expect(section.queryByText(/^Another tab/)).toBeNull();
  });

  it('take the place that another tab has saved at once, with nothing of the former one', async () => {
    const { cluster } = await open();
    connectionTo(cluster.name);
    const told = vi.fn();
    onOtherPerson(told);
    saveInAnotherTab({ clusters: { [cluster.name]: { namespace: 'team', service: 'nkvm' } } });
    expect(placeOf(cluster.name)).toMatchObject({ namespace: 'team' });
    expect(told).toHaveBeenCalledWith(cluster.name);
  });

  it('say that the browser did not store them', async () => {
    const { cluster, fill, save } = await open();
    vi.spyOn(Storage.prototype, 'setItem').mockImplementation(() => {
      throw new DOMException('full', 'QuotaExceededError');
    });
    onTestFinished(() => void vi.restoreAllMocks());
    await fill('Namespace', 'backup');
    await save();
    expect(screen.getByText(/^The browser did not store the settings/)).toBeVisible();
    expect(placeOf(cluster.name)).toMatchObject({ namespace: 'backup' });
  });

  it('do not keep what no namespace can be called', async () => {
    const { cluster, section, fill, save } = await open();
    await fill('Namespace', 'Backup/..');
    expect(section.getByText(/^A name has up to 63/)).toBeVisible();
    await save();
    expect(placeOf(cluster.name)).toMatchObject({ namespace: 'nkvm' });
  });

  it.each<[string, Parameters<typeof fakeCluster>[0], RegExp]>([
    [
      'NKVM, and that the cluster vouches for it',
      {
        'GET backup/nkvm /info': NO_TOKEN,
        [BINDINGS]: {
          items: [
            {
              metadata: { name: 'x' },
              roleRef: { name: 'system:auth-delegator' },
              subjects: [{ kind: 'ServiceAccount', name: 'nkvm-runner', namespace: 'backup' }],
            },
          ],
        },
      },
      /A service answers as NKVM does. A cluster administrator has installed NKVM there/,
    ],
    [
      'a service that only looks like NKVM',
      { 'GET backup/nkvm /info': NO_TOKEN },
      /A service answers as NKVM does. This service was not installed with deploy\/k8s/,
    ],
    [
      'another service',
      { 'GET backup/nkvm /info': { hello: 'world' } },
      /Another service answers there, which is not NKVM/,
    ],
    [
      'no Service',
      { 'GET backup/nkvm /info': refusal(404, 'services "nkvm" not found') },
      /That namespace has no Service of this name/,
    ],
    [
      'no answer',
      { 'GET backup/nkvm /info': refusal(503, 'no endpoints available for service "nkvm"') },
      /Can’t reach the backup service/,
    ],
  ])('tell of a place: %s', async (_, answers, expected) => {
    const { cluster, section, fill, check } = await open(answers);
    await fill('Namespace', 'backup');
    await check();
    expect(await section.findByText(expected)).toBeVisible();
    // Before a person has chosen a place, no token goes there.
    expect(cluster.sent.map(({ token }) => token)).toEqual([null]);
  });

  it('find NKVM, and keep it only when the person saves', async () => {
    const { cluster, section, user, save } = await open({
      'GET /api/v1/services': {
        items: [{ metadata: { name: 'volumes', namespace: 'backup', labels: SIDECAR_LABELS } }],
      },
      [BINDINGS]: refusal(403, 'clusterrolebindings is forbidden'),
    });
    await user.click(section.getByRole('button', { name: /^Find NKVM/ }));
    await user.click(
      await section.findByRole('button', { name: 'Use it, Service volumes in namespace backup' })
    );
    expect(placeOf(cluster.name)).toMatchObject({ namespace: 'nkvm' });
    await save();
    expect(placeOf(cluster.name)).toMatchObject({ namespace: 'backup', service: 'volumes' });
  });
});
