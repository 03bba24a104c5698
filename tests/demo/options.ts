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

const OPTIONS = {
  kubeconfig: { type: 'string' },
  as: { type: 'string', default: 'admin' },
  port: { type: 'string', default: '4466' },
  help: { type: 'boolean', default: false },
} as const;

/** @returns undefined when the person asks which options there are. @throws Error of one line that says what is wrong. */
export function readOptions(args: readonly string[]): DemoOptions | undefined {
  const { values, positionals } = parse(args);
  const port = Number(values.port);
  if (values.help) return undefined;
  if (positionals.length > 0) {
    throw new Error(
      `${positionals[0]} is not an option; npm hands on only what follows a double dash: npm run demo -- --help`
    );
  }
  if (values.as !== 'admin' && values.as !== 'viewer') {
    throw new Error(`--as takes admin or viewer, not ${values.as}`);
  }
  if (!/^\d+$/.test(values.port) || port > 65535) {
    throw new Error(`--port takes a number from 0 to 65535, not ${values.port}`);
  }
  if (values.kubeconfig === '') throw new Error('--kubeconfig takes the path of a file');
  if (values.kubeconfig && values.as === 'viewer') {
    throw new Error('--as viewer is for the playground: a kubeconfig says itself who you are');
  }
  const { as, kubeconfig } = values;
  return { as, port, ...(kubeconfig && { kubeconfig: resolve(kubeconfig) }) };
}

/** @throws Error of one line. */
function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    const [sentence] = (error as Error).message.split(/\.? To specify|\n/);
    throw new Error(`${sentence}; see: npm run demo -- --help`);
  }
}
