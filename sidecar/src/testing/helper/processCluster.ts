import { spawn } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { ApiFailure } from '../../cluster/gateway/apiFailure.ts';
import type { FedCommand } from '../../cluster/gateway/exec.ts';
import type { Pod, Pods } from '../../cluster/gateway/pods.ts';
import type { HelperCluster } from '../../helper/helper.ts';
import { VOLUME_PATH, WORK_PATH } from '../../helper/names.ts';

/** Helper pods for tests: objects in memory, whose commands really run, as processes of this machine. */
export interface ProcessCluster extends HelperCluster {
  /** The pods that exist, by `namespace/name`. */
  readonly existing: Map<string, Pod>;
  /** What becomes of a pod that is created; by default it runs at once. */
  status: Pod['status'];
  stop(): Promise<void>;
}

/** The status of a pod that runs. */
export const RUNNING: Pod['status'] = {
  phase: 'Running',
  containerStatuses: [
    {
      name: 'helper',
      image: '',
      imageID: '',
      ready: true,
      restartCount: 0,
      state: { running: {} },
    },
  ],
};

/**
 * @param volume the directory that stands for every claim
 * @param user that the commands run as, where these tests run as root; default: as the tests do
 */
export function processCluster(volume: string, user?: number): ProcessCluster {
  const uid = process.getuid?.() === 0 ? user : undefined;
  let work: string | undefined;
  const inWork = (path: string): string => {
    if (work === undefined) {
      work = mkdtempSync(join(tmpdir(), 'nkvm-work-'));
      if (uid !== undefined) chownSync(work, uid, 0);
    }
    return work + path;
  };
  let uids = 0;
  const existing = new Map<string, Pod>();
  const commands: { end(): void; exit: Promise<number> }[] = [];
  const here = (word: string): string =>
    word === VOLUME_PATH
      ? volume
      : word.startsWith(WORK_PATH)
      ? inWork(word.slice(WORK_PATH.length))
      : word;

  const start = (
    [program = '', ...args]: readonly string[],
    onStderr?: (text: string) => void
  ): FedCommand => {
    const child = spawn(program, args.map(here), {
      stdio: 'pipe',
      ...(uid !== undefined && { uid }),
      detached: true, // a process group, so that the whole pipeline can be ended
    });
    let isOver = false;
    const kill = (): void => {
      // Without an id it never began; an id that is over may be that of another group by now.
      if (child.pid === undefined || isOver) return;
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has ended.
      }
    };
    let stderr = '';
    child.stderr.on('data', chunk => {
      stderr += chunk;
      onStderr?.(String(chunk));
    });
    const exit = new Promise<number>(resolve =>
      child.on('close', code => {
        isOver = true;
        resolve(code ?? 137);
      })
    );
    commands.push({ end: () => (kill(), child.stdout.destroy()), exit });
    child.stdin.on('error', () => undefined); // whoever writes gets it, too
    return {
      stdin: child.stdin,
      bytesSent: () => 0, // of no matter to what is tested with it
      stdout: child.stdout,
      exit,
      stderrTail: () => stderr,
      abort: kill,
    };
  };

  const exec: HelperCluster['exec'] = async (_target, command, options) => {
    const { stdin, ...running } = start(command, options?.onStderr);
    stdin.end();
    return running;
  };

  const pods: Pods = {
    async create(namespace, pod) {
      const name = `${namespace}/${pod.metadata?.name}`;
      if (existing.has(name)) {
        throw new ApiFailure(`pods "${pod.metadata?.name}" already exists`, {
          kind: 'conflict',
          class: 'unknown',
          status: 409,
          reason: 'AlreadyExists',
        });
      }
      const created: Pod = {
        ...pod,
        metadata: { ...pod.metadata, namespace, uid: `uid-${(uids += 1)}` },
        spec: { containers: [], ...pod.spec, nodeName: 'node-a' },
        status: cluster.status,
      };
      existing.set(name, created);
      return created;
    },
    get: async (namespace, name) => existing.get(`${namespace}/${name}`),
    async remove(namespace, name, { uid } = {}) {
      const path = `${namespace}/${name}`;
      if (uid === undefined || existing.get(path)?.metadata?.uid === uid) existing.delete(path);
    },
    withLabels: async labels =>
      [...existing.values()].filter(pod =>
        Object.entries(labels).every(([name, value]) => pod.metadata?.labels?.[name] === value)
      ),
    eventsOf: async () => [],
  };

  const cluster: ProcessCluster = {
    pods,
    statusLagMs: 0,
    exec,
    execWithInput: async (_target, command, options) => start(command, options?.onStderr),
    async execToEnd(target, command) {
      const running = await exec(target, command);
      const stdout = (await buffer(running.stdout)).toString();
      return { exitCode: await running.exit, stdout, stderr: running.stderrTail() };
    },
    existing,
    status: RUNNING,
    async stop() {
      commands.forEach(({ end }) => end());
      await Promise.all(commands.map(({ exit }) => exit));
      if (work) rmSync(work, { recursive: true });
      work = undefined;
    },
  };
  return cluster;
}
