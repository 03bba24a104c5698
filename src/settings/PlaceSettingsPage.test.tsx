import store from '@kinvolk/headlamp-plugin/lib/redux/stores/store';
import { act, screen, within } from '@testing-library/react';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { SIDECAR_LABELS } from '../../sidecar/api/names.ts';
import { placeOf } from '../api/session/place';
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

beforeEach(() => savePlaces({ clusters: {} }));

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
