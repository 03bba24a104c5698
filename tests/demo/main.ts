/** `npm run demo`: Headlamp with Volumes & Backups, and a cluster to click on. Everything listens on 127.0.0.1. */
import { join } from 'node:path';
import type { Host } from '../browser/host/server.ts';
import { startHost } from '../browser/host/server.ts';
import type { DemoOptions } from './options.ts';
import { readOptions, USAGE } from './options.ts';
import type { World } from './playgroundWorld.ts';
import { makeHistory, playgroundWorld } from './playgroundWorld.ts';
import { prepare } from './prepare.ts';
import { realWorld } from './realWorld.ts';

const ROOT = join(import.meta.dirname, '../..');
const say = (text: string): void => console.log(`… ${text}`);

let options: DemoOptions;
try {
  options = readOptions(process.argv.slice(2), process.env);
} catch (error) {
  console.error(`${(error as Error).message}\n\n${USAGE}`);
  process.exit(2);
}

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

try {
  const staticDir = await prepare(say);
  const world = await open(options);
  const host = await serve(staticDir, world.kubeUrl, options.port);
  opened.push({ stop: () => host.close() });
  console.log(`
  ${host.url}/c/main/nkvm/volumes

  Click Back up on a volume and watch it; open a run for its seal and the tar command that restores it;
  back up billing/statements to see bytes flow, and cancel it. Ctrl-C ends it all and leaves nothing behind.
`);
} catch (error) {
  console.error(`The demo cannot start: ${(error as Error).message}`);
  await stop(1);
}

async function open({ kubeconfig, as }: DemoOptions): Promise<World> {
  if (kubeconfig) {
    const world = await realWorld(kubeconfig, say);
    opened.push(world);
    return world;
  }
  const world = await playgroundWorld(as, say);
  opened.push(world);
  say('Making some history, by real backups');
  await makeHistory(world);
  return world;
}

/** On the port that was asked for, or one of the next ones when it is taken. */
async function serve(staticDir: string, kubeUrl: string, first: number): Promise<Host> {
  for (let port = first; ; port += 1) {
    try {
      return await startHost({ staticDir, pluginDir: ROOT, kubeUrl, port });
    } catch (error) {
      const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
      if (!isTaken || port >= first + 20) throw error;
    }
  }
}
