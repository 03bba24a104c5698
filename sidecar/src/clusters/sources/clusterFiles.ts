import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { textOf } from '../../errors.ts';
import { LONGEST_KUBECONFIG } from '../kubeconfig/yamlText.ts';

/** A kubeconfig in a directory that an administrator mounts. */
export interface ClusterFile {
  /** The name of the file, without `.yaml`, `.yml`, `.json`, `.conf` or `.kubeconfig`. */
  cluster: string;
  /** For people. */
  path: string;
  /** Null where it is too long or cannot be read. Never to be shown. */
  kubeconfig: string | null;
}

export interface ClusterFiles {
  /** Resolves when the directory was read once. */
  readonly firstAnswer: Promise<void>;
  /** @returns them by name. */
  all(): ClusterFile[];
  /** @returns why the directory cannot be read now, as a sentence. */
  problem(): string | undefined;
  onChange(listener: () => void): () => void;
  stop(): void;
}

/** A mounted Secret is replaced by a symbolic link, which not every file system reports. */
const POLL_MS = 10_000;

/** Reads the kubeconfigs in `dir` again and again. Names that begin with a dot are left out: a mounted Secret has such links. */
export function watchClusterFiles(dir: string, pollMs = POLL_MS): ClusterFiles {
  const listeners = new Set<() => void>();
  let files: ClusterFile[] = [];
  let problem: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;

  const look = async (): Promise<void> => {
    try {
      const found = await filesIn(dir);
      problem = undefined;
      if (isStopped || isDeepStrictEqual(found, files)) return;
      files = found;
      for (const listener of listeners) listener();
    } catch (error) {
      problem = `the directory ${dir} of kubeconfigs cannot be read: ${textOf(error)}`;
    } finally {
      if (!isStopped) timer = setTimeout(look, pollMs).unref();
    }
  };
  return {
    firstAnswer: look(),
    all: () => files,
    problem: () => problem,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}

async function filesIn(dir: string): Promise<ClusterFile[]> {
  const names = (await readdir(dir)).filter(name => !name.startsWith('.')).sort();
  const files: ClusterFile[] = [];
  for (const name of names) {
    const path = join(dir, name);
    const facts = await stat(path).catch(() => undefined);
    if (facts && !facts.isFile()) continue;
    const isShort = facts !== undefined && facts.size <= LONGEST_KUBECONFIG;
    const kubeconfig = isShort ? await readFile(path, 'utf8').catch(() => null) : null;
    files.push({ cluster: name.replace(/\.(ya?ml|json|conf|kubeconfig)$/, ''), path, kubeconfig });
  }
  return files;
}
