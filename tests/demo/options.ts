import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

/** What a person asked for. */
export interface DemoOptions {
  /** A real cluster; absent: the playground. */
  kubeconfig?: string;
  /** Who looks: an administrator, or somebody who may only look. */
  as: 'admin' | 'viewer';
  port: number;
}

export const USAGE = `usage: npm run demo -- [--kubeconfig PATH] [--as admin|viewer] [--port N]
  --kubeconfig PATH  show a real cluster instead of the playground; nothing is changed there but what you click
  --as viewer        see what somebody sees who may look at volumes, but not back them up (playground only)
  --port N           port of the page; the next free one when it is taken (default 4466)`;

/** @throws Error of one line that says what is wrong. */
export function readOptions(args: readonly string[], env: NodeJS.ProcessEnv): DemoOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      kubeconfig: { type: 'string' },
      as: { type: 'string', default: 'admin' },
      port: { type: 'string', default: '4466' },
    },
  });
  const kubeconfig = values.kubeconfig ?? (env.KUBECONFIG || undefined);
  const port = Number(values.port);
  if (values.as !== 'admin' && values.as !== 'viewer') {
    throw new Error(`--as takes admin or viewer, not ${values.as}`);
  }
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new Error(`--port takes a number from 0 to 65535, not ${values.port}`);
  }
  if (kubeconfig && !existsSync(kubeconfig)) {
    throw new Error(`there is no kubeconfig ${kubeconfig}: check --kubeconfig or KUBECONFIG`);
  }
  if (kubeconfig && values.as === 'viewer') {
    throw new Error('--as viewer is for the playground: a kubeconfig says itself who you are');
  }
  return { as: values.as, port, ...(kubeconfig && { kubeconfig: resolve(kubeconfig) }) };
}
