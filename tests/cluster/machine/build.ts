import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { buildah } from './buildah.ts';
import { go } from './go.ts';
import { isMadeOf, keyOf, recordMadeOf } from './key.ts';
import { BUILD, PAUSE_IMAGE } from './paths.ts';
import { isOnPath, run, say, succeeds } from './run.ts';

const SOURCES = join(import.meta.dirname, '../kubernetes');
const VERSION = 'v1.36.3';

const STATIC = { ...process.env, CGO_ENABLED: '0' };

/** @returns the path of a program that `buildKubernetes` made. */
export const built = (program: string): string => join(BUILD, program);

/** Where Kubernetes, the CSI driver and its sidecars are not built from the present sources, builds them. */
export async function buildKubernetes(): Promise<void> {
  const key = keyOf(SOURCES, import.meta.filename);
  if (isMadeOf(built('key'), key)) return;
  mkdirSync(BUILD, { recursive: true });
  rmSync(built('key'), { force: true });
  say(
    `building Kubernetes ${VERSION} in ${BUILD}: 15 minutes the first time on two cores, then seconds`
  );
  await build('cluster', '.', versionFlags());
  await build('csi-driver', './csi', '-s -w', STATIC);
  say('building the CSI sidecars');
  const sidecars = join(SOURCES, 'csi/sidecars');
  await go('install', ['-ldflags', '-s -w', 'tool'], {
    cwd: sidecars,
    env: { ...process.env, GOBIN: BUILD },
  });
  copySnapshotKinds(sidecars);
  await pauseImage();
  recordMadeOf(built('key'), key);
}

/** Where there is no kubectl on PATH, builds one from the same sources and puts it there, for this process. */
export async function bringKubectl(): Promise<void> {
  if (isOnPath('kubectl')) return;
  if (!succeeds(built('kubectl'), ['version', '--client'])) {
    say('building kubectl: none on PATH');
    await build('kubectl', 'k8s.io/kubernetes/cmd/kubectl', versionFlags(), STATIC);
  }
  process.env.PATH += delimiter + BUILD;
}

const build = (name: string, what: string, flags: string, env = process.env): Promise<void> =>
  go('build', ['-ldflags', flags, '-o', built(name), what], { cwd: SOURCES, env });

/** What Kubernetes' own build sets; without it every part calls itself v0.0.0. */
function versionFlags(): string {
  const [major, minor] = VERSION.slice(1).split('.');
  const set = { gitVersion: VERSION, gitMajor: major, gitMinor: minor };
  const flags = Object.entries(set).map(
    ([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`
  );
  return ['-s -w', ...flags].join(' ');
}

/** The CustomResourceDefinitions of snapshots are in the module of the snapshotter's client. */
function copySnapshotKinds(module: string): void {
  const client = 'github.com/kubernetes-csi/external-snapshotter/client/v8';
  const from = join(
    run('go', ['list', '-m', '-f', '{{.Dir}}', client], { cwd: module }).trim(),
    'config/crd'
  );
  mkdirSync(built('crd'), { recursive: true });
  for (const file of readdirSync(from).filter(name =>
    name.startsWith('snapshot.storage.k8s.io_')
  )) {
    copyFileSync(join(from, file), join(built('crd'), file));
  }
}

/** Every pod has a container that only holds its namespaces. */
async function pauseImage(): Promise<void> {
  await build('pause', './pause', '-s -w', STATIC);
  const context = mkdtempSync(join(BUILD, 'pause-'));
  try {
    copyFileSync(built('pause'), join(context, 'pause'));
    writeFileSync(
      join(context, 'Containerfile'),
      'FROM scratch\nCOPY pause /pause\nENTRYPOINT ["/pause"]\n'
    );
    buildah(['build', '--quiet', '--tag', PAUSE_IMAGE, context]);
    rmSync(built('pause.tar'), { force: true });
    buildah(['push', '--quiet', PAUSE_IMAGE, `oci-archive:${built('pause.tar')}:${PAUSE_IMAGE}`]);
  } finally {
    rmSync(context, { recursive: true });
  }
}
