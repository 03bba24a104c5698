import store from '@kinvolk/headlamp-plugin/lib/redux/stores/store';
import { act, screen, within } from '@testing-library/react';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { placeOf } from '../api/session/place';
import { savePlaces } from '../settings/places';
import { PlaceSettingsPage } from '../settings/PlaceSettingsPage';
import { clusterList, otherCluster, ownCluster } from '../testing/clusterSamples';
import { fakeCluster, refusal } from '../testing/fakeCluster';
import { mount, openPage } from '../testing/mount';
import { aVolume, volumeList } from '../testing/samples';
import { WithText } from '../ui/text';

beforeEach(() => void savePlaces(() => ({ clusters: {} })));

const ABSENT = refusal(404, 'services "nkvm" not found');

/** Headlamp knows the cluster, which has no NKVM, and `home`, whose NKVM backs up `uid-of-b` as `site-b`. */
function world(answers: Parameters<typeof fakeCluster>[0] = {}) {
  const cluster = fakeCluster({
    'GET /volumes': (_, { search }) =>
      search.includes('cluster=site-b') ? volumeList([aVolume({ name: 'reports' })]) : ABSENT,
    'GET /clusters': clusterList([ownCluster(), otherCluster({ uid: 'uid-of-b' })]),
    'GET namespaces/kube-system': { metadata: { uid: 'uid-of-b' } },
    ...answers,
  });
  const { config } = store.getState();
  const know = (clusters: unknown) =>
    act(() => void store.dispatch({ type: 'config/setConfig', payload: { clusters } }));
  know({ [cluster.name]: { name: cluster.name }, home: { name: 'home' } });
  onTestFinished(() => know(config.clusters));
  return cluster;
}

it('shows the volumes of a cluster by the NKVM of another one, once a person has said so', async () => {
  const cluster = world();
  const user = openPage(cluster.name, '/nkvm/volumes');
  await user.click(await screen.findByRole('button', { name: 'Look in the other clusters' }));
  expect(
    await screen.findByText('The NKVM of cluster home backs up this cluster under the name site-b.')
  ).toBeVisible();
  // How to install another one is shown only to those who want it.
  expect(screen.queryByText(/^Install it once/)).toBeNull();
  const steps = screen.getByRole('button', { name: 'NKVM is not installed for this cluster' });
  await user.click(steps);
  expect(screen.getByText(/^Install it once/)).toBeVisible();
  await user.click(steps);
  expect(screen.queryByText(/^Install it once/)).toBeNull();
  expect(placeOf(cluster.name).as).toBeUndefined();
  await user.click(screen.getByRole('button', { name: 'Use the NKVM of cluster home' }));
  expect(await screen.findByRole('link', { name: 'reports' })).toBeVisible();
  expect(placeOf(cluster.name)).toMatchObject({ cluster: 'home', as: 'site-b' });
});

it('says that no NKVM is known that backs up it, and which right is missing', async () => {
  const cluster = world({ 'GET /clusters': clusterList([ownCluster()]) });
  const user = openPage(cluster.name, '/nkvm/volumes');
  await user.click(await screen.findByRole('button', { name: 'Look in the other clusters' }));
  expect(await screen.findByText(/^No NKVM in your other clusters says/)).toBeVisible();
  expect(screen.getByText(/^Install it once/)).toBeVisible();
  cluster.answer('GET namespaces/kube-system', refusal(403, 'namespaces is forbidden'));
  await user.click(screen.getByRole('button', { name: 'Look in the other clusters' }));
  expect(await screen.findByText(/permission to get namespace kube-system/)).toBeVisible();
});

it('can be set, and taken back, in the settings of the plugin', async () => {
  const cluster = world();
  const page = (
    <WithText>
      <PlaceSettingsPage />
    </WithText>
  );
  const user = mount(page, '/settings/plugins/nkvm');
  const section = within(await screen.findByRole('region', { name: cluster.name }));
  await user.click(section.getByLabelText('NKVM runs in cluster'));
  await user.click(await screen.findByRole('option', { name: 'home' }));
  await user.type(section.getByLabelText('Name of this cluster there'), 'site-b');
  await user.click(section.getByRole('button', { name: 'Use the NKVM of cluster home' }));
  expect(placeOf(cluster.name)).toMatchObject({ cluster: 'home', as: 'site-b' });
  // What else is saved on the page leaves it as it is.
  await user.click(screen.getByRole('button', { name: 'Save' }));
  expect(placeOf(cluster.name)).toMatchObject({ as: 'site-b' });
  await user.click(section.getByRole('button', { name: /^Do not use another/ }));
  expect(placeOf(cluster.name)).toMatchObject({ cluster: cluster.name });
});
