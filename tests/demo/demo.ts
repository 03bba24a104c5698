/**
 * Headlamp with Volumes & Backups, and a cluster to click on. Everything listens on 127.0.0.1. Started by main.ts, which
 * cleans up should this process be killed.
 */
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { startHost } from '../browser/host/server.ts';
import { findGnu } from '../playground/kubelet/tools.ts';
import { onFreePort } from './freePort.ts';
import { readKubeconfig } from './kubeconfig.ts';
import type { DemoOptions } from './options.ts';
import { readOptions, USAGE } from './options.ts';
import type { World } from './playgroundWorld.ts';
import { makeHistory, playgroundWorld } from './playgroundWorld.ts';
import { prepare } from './prepare.ts';
import { realWorld } from './realWorld.ts';
import { whoMayLook } from './rights.ts';
import { showZeroTouch } from './showZeroTouch.ts';
import { startStorage } from './storage.ts';
import type { Where } from './zeroTouch.ts';

const ROOT = join(import.meta.dirname, '../..');
const say = (text: string): void => console.log(`… ${text}`);

const opened: { stop(): Promise<void> }[] = [];
let isStopping = false;
async function stop(code: number): Promise<never> {
  if (isStopping) return await new Promise(() => undefined);
  isStopping = true;
  for (const each of opened.reverse()) await each.stop().catch(() => undefined);
  process.exit(code);
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    console.log('\n… Stopping');
    void stop(0);
  });
}
// The terminal has been closed: a message would not be seen.
process.stdout.on('error', () => void stop(0));

const options = optionsOf(process.argv.slice(2));
try {
  // What can be wrong with the machine or the cluster is said before the builds.
  const open = await lookAt(options);
  const staticDir = await prepare(say);
  const world = await open();
  const host = await onFreePort(options.port, port =>
    startHost({
      staticDir,
      pluginDir: ROOT,
      clusters: [{ name: 'main', kubeUrl: world.kubeUrl }],
      port,
    })
  );
  opened.push({ stop: () => host.close() });
  const tryThis = options.kubeconfig
    ? `- Click Back up on a volume, and watch it.
  - Open a backup: its page has the proof, and the tar command that restores it.
  The archives are on this machine, and are deleted with the demo.`
    : `- Back up: click Back up on billing/statements, watch its progress, and cancel it.
  - Restore: the volume shop/retired-cms was deleted. Open Backups, browse its files, and restore it into a new claim.
  - Schedule: choose another schedule in the menu of a volume, or of several selected volumes.
  - Automatic restore: press Enter here to delete the claim shop/wiki with its volume. Press Enter again to apply its
    manifest, and watch the page Volumes: the claim gets its files back.
  - Destinations: "bucket" (S3) and "file-server" (SFTP) are outside of the cluster. Test them on the page Destinations.`;
  console.log(`
  ${host.url}/c/main/nkvm/volumes

  Open this URL in a browser, and try:
  ${tryThis}

  Press Ctrl-C to stop the demo. It leaves nothing behind.
`);
  if (world.zeroTouch)
    void showZeroTouch(createInterface({ input: process.stdin }), world.zeroTouch, say);
} catch (error) {
  console.error(`The demo cannot start: ${(error as Error).message}`);
  await stop(1);
}

function optionsOf(args: readonly string[]): DemoOptions {
  try {
    const read = readOptions(args);
    if (read) return read;
    console.log(USAGE);
    process.exit(0);
  } catch (error) {
    console.error((error as Error).message);
    process.exit(2);
  }
}

interface Shown extends World {
  /** Where a claim can come back; undefined: in a cluster that the demo changes nothing in. */
  zeroTouch?: Where;
}

/** @returns how to open the world that is asked for. @throws Error of one line when it cannot be. */
async function lookAt({ kubeconfig, as }: DemoOptions): Promise<() => Promise<Shown>> {
  if (kubeconfig) {
    const known = readKubeconfig(kubeconfig);
    say(`Looking at the cluster ${known.url} of ${kubeconfig}`);
    const person = await whoMayLook(known.kubeConfig, known.url);
    return async () => {
      say(`Starting the sidecar beside the cluster, as ${person.username}`);
      const world = await realWorld(known, person);
      opened.push(world);
      return world;
    };
  }
  findGnu('tar');
  findGnu('split');
  return async () => {
    const world = await playgroundWorld(as, say);
    opened.push(world);
    say('Starting storage outside of the cluster: an S3 server and an SFTP server');
    const storage = await startStorage();
    opened.push(storage);
    world.playground.apply(storage.secrets);
    say('Making some history, by real backups');
    await makeHistory(world);
    const { playground } = world;
    return { ...world, zeroTouch: { playground, kubeUrl: await playground.proxyAs('admin') } };
  };
}
