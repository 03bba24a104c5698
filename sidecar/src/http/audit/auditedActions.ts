import type { AuditClaim } from '../../../api/index.ts';
import { parseArchiveName } from '../../archive/name.ts';
import type { AuditOutcome, AuditWhat } from '../../history/audit/auditTrail.ts';
import type { RunRecord } from '../../history/history.ts';

/** Where names become identities: a name of one cluster says nothing in another. */
export interface TargetWorld {
  /** Name of NKVM's own cluster. */
  ownCluster: string;
  /** @returns a run of any cluster, and the name of that cluster. */
  runOf(
    id: string
  ): { run: Pick<RunRecord, 'namespace' | 'name' | 'uid'>; cluster: string } | undefined;
  /** @returns UID of the claim that has this name in that cluster now; null: it is not known. */
  claimUid(cluster: string, namespace: string, name: string): string | null;
  uploads: { get(id: string): { namespace: string } | undefined };
}

/** The subject of a call. */
export type Target = Partial<
  Pick<
    AuditWhat,
    'cluster' | 'claims' | 'backup' | 'archive' | 'destination' | 'runs' | 'detail' | 'action'
  >
>;

/** A request whose parameters and body are what the contract says. */
export interface Asked {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  params: any;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  query: any;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
}

export interface AuditedAction {
  action: string;
  /**
   * - `change`: an entry before it, without which it is refused, and one with its result
   * - `read`: one entry with its result, before the answer leaves
   * - `download`: an entry before the first byte leaves, and one with how it has ended; the handler names the target
   */
  kind: 'change' | 'read' | 'download';
  /** Names, ids and UIDs alone: never a text of a body. */
  target?: (asked: Asked, world: TargetWorld) => Target;
  /** Added by the answer. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  outcome?: (answer: any) => Pick<AuditOutcome, 'runs' | 'detail' | 'reason'>;
}

/** A route that is not recorded, and the reason as a clause. */
export interface NotAudited {
  none: string;
}

const claimIn = (
  cluster: string,
  { namespace, name }: { namespace: string; name: string },
  { claimUid }: TargetWorld
): AuditClaim => ({ namespace, name, uid: claimUid(cluster, namespace, name) });

/** @returns the claim of a run as it was then, which may be another one by now; nothing where there is no such run. */
function claimOfRun(id: string, { runOf }: TargetWorld): Pick<Target, 'cluster' | 'claims'> {
  const found = runOf(id);
  if (!found) return {};
  const { namespace, name, uid } = found.run;
  return { cluster: found.cluster, claims: [{ namespace, name, uid }] };
}

const ofRun = ({ params: { id } }: Asked, world: TargetWorld): Target => ({
  runs: [id],
  ...claimOfRun(id, world),
});

/** @param id of a backup, `archive:KEY` or `upload:ID` */
export function archiveTarget(id: string, world: TargetWorld): Target {
  const { uploads } = world;
  if (id.startsWith('upload:')) {
    const upload = uploads.get(id.slice('upload:'.length));
    return {
      archive: id,
      claims: upload ? [{ namespace: upload.namespace, name: null, uid: null }] : [],
    };
  }
  if (id.startsWith('archive:')) {
    const name = parseArchiveName(id.slice(id.lastIndexOf('/') + 1).replace(/^archive:/, ''));
    return {
      archive: id,
      claims: name ? [{ namespace: name.namespace, name: name.pvc, uid: null }] : [],
    };
  }
  return { backup: id, ...claimOfRun(id, world) };
}

const ofArchive = ({ params: { id } }: Asked, world: TargetWorld): Target =>
  archiveTarget(id, world);

const ofDestination = ({ params: { name } }: Asked): Target => ({ destination: name });

const ofCluster = ({ params: { name } }: Asked): Target => ({ detail: `cluster ${name}` });

/** The cluster of an entry is that of the target; `detail` names the other one. */
const ofRestore = ({ body }: Asked, world: TargetWorld): Target => {
  const { backup, target, cluster = world.ownCluster } = body;
  const source = archiveTarget(backup, world);
  const into = claimIn(cluster, target, world);
  const isFromElsewhere = source.cluster !== undefined && source.cluster !== cluster;
  const from = (source.claims ?? []).filter(
    ({ namespace, name }) => isFromElsewhere || namespace !== into.namespace || name !== into.name
  );
  const detail = `mode ${target.mode}${
    isFromElsewhere ? `, backup of cluster ${source.cluster}` : ''
  }`;
  return { ...source, cluster, claims: [into, ...from], detail };
};

/** The names of refused volumes and why, so that a part that was refused does not look allowed. */
const partlyRefused = (
  refused: readonly { namespace: string; name: string; reason: string }[]
): Pick<AuditOutcome, 'detail'> =>
  refused.length === 0
    ? {}
    : {
        detail: `refused: ${refused
          .map(({ namespace, name, reason }) => `${namespace}/${name} (${reason})`)
          .join(', ')}`,
      };

const LIST = 'lists what Kubernetes shows of volumes, and a page asks for it every few seconds';
const STATE = 'shows the state of a run, not data of a volume, and a page follows it';

/** Every route: how it is recorded, or why not. */
export const AUDITED_ACTIONS: Readonly<Record<string, AuditedAction | NotAudited>> = {
  'GET /healthz': { none: 'says whether the process works, without a token' },
  'GET /readyz': { none: 'says whether NKVM is ready, without a token' },
  'GET /metrics': { none: 'is read by Prometheus every few seconds' },
  'GET /api/v1/openapi.json': { none: 'describes the API, without a token' },
  'GET /api/v1/info': { none: 'describes the installation' },
  'GET /api/v1/namespaces/:namespace/access': {
    none: 'shows rights that a caller can ask the API server for',
  },
  'GET /api/v1/doctor': { none: 'checks the installation, and reads no data of volumes' },
  'GET /api/v1/clusters': { none: 'shows names and states of clusters, without credentials' },
  'GET /api/v1/volumes': { none: LIST },
  'GET /api/v1/volumes/events': { none: LIST },
  'GET /api/v1/volumes/:namespace/:name': { none: LIST },
  'GET /api/v1/policy': { none: LIST },
  'GET /api/v1/policy/:namespace/:name': { none: LIST },
  'GET /api/v1/backups': { none: STATE },
  'GET /api/v1/backups/:id': { none: STATE },
  'GET /api/v1/backups/:id/events': { none: STATE },
  'GET /api/v1/backups/:id/checks': { none: STATE },
  'GET /api/v1/copies/:id': { none: STATE },
  'GET /api/v1/restores': { none: STATE },
  'GET /api/v1/restores/:id': { none: STATE },
  'GET /api/v1/restores/:id/events': { none: STATE },
  'GET /api/v1/checks/:id': { none: STATE },
  'GET /api/v1/checks/:id/events': { none: STATE },
  'GET /api/v1/destinations': {
    none: 'shows names and states of destinations, without credentials',
  },
  'GET /api/v1/destinations/:name': {
    none: 'shows the state of a destination, without credentials',
  },

  'POST /api/v1/backups': {
    ...{ action: 'backup.start', kind: 'change' },
    target: ({ body: { volumes, cluster } }, world) => {
      const where = cluster ?? world.ownCluster;
      const claimOf = (each: { namespace: string; name: string }) => claimIn(where, each, world);
      return { cluster: where, claims: volumes.map(claimOf) };
    },
    outcome: ({ backups = [], refused = [] }) => ({
      runs: backups.map(({ id }: { id: string }) => id),
      ...partlyRefused(refused),
    }),
  },
  'POST /api/v1/backups/:id/cancel': { action: 'backup.cancel', kind: 'change', target: ofRun },
  'POST /api/v1/backups/:id/copies': {
    ...{ action: 'copy.start', kind: 'change' },
    target: (asked, world) => ({
      ...ofArchive(asked, world),
      destination: asked.body.destination,
    }),
    outcome: ({ copy }) => ({ runs: [copy.id] }),
  },
  'POST /api/v1/copies/:id/cancel': { action: 'copy.cancel', kind: 'change', target: ofRun },
  'POST /api/v1/backups/:id/verify': {
    ...{ action: 'verify.start', kind: 'change', target: ofArchive },
    outcome: ({ check }) => ({ runs: [check.id] }),
  },
  'POST /api/v1/backups/:id/drill': {
    ...{ action: 'drill.start', kind: 'change' },
    // The command is a text of the body; it may hold a password.
    target: (asked, world) => ({
      ...ofArchive(asked, world),
      detail: asked.body.command === undefined ? 'without a command' : 'with a command',
    }),
    outcome: ({ check }) => ({ runs: [check.id] }),
  },
  'POST /api/v1/checks/:id/cancel': { action: 'check.cancel', kind: 'change', target: ofRun },

  'POST /api/v1/restores': {
    ...{ action: 'restore.start', kind: 'change', target: ofRestore },
    outcome: ({ restore }) => ({ runs: [restore.id] }),
  },
  'POST /api/v1/restores/plan': { action: 'restore.plan', kind: 'read', target: ofRestore },
  'POST /api/v1/restores/:id/cancel': { action: 'restore.cancel', kind: 'change', target: ofRun },
  'POST /api/v1/restores/:id/undo': {
    ...{ action: 'restore.undo', kind: 'change', target: ofRun },
    outcome: ({ restore }) => ({ runs: [restore.id] }),
  },

  'GET /api/v1/archives': { action: 'archive.list', kind: 'read' },
  'GET /api/v1/backups/:id/files': {
    ...{ action: 'archive.browse', kind: 'read' },
    target: (asked, world) => ({
      ...ofArchive(asked, world),
      ...(asked.query.search !== undefined && { action: 'archive.search' }),
    }),
  },
  'GET /api/v1/backups/:id/files/versions': {
    ...{ action: 'archive.versions', kind: 'read', target: ofArchive },
  },
  'GET /api/v1/backups/:id/comparison': {
    ...{ action: 'archive.compare', kind: 'read' },
    target: (asked, world) => ({
      ...ofArchive(asked, world),
      detail: `with ${asked.query.with}`,
    }),
  },
  'POST /api/v1/backups/:id/downloads': {
    ...{ action: 'archive.prepare-download', kind: 'read' },
    target: (asked, world) => ({ ...ofArchive(asked, world), detail: pathsOf(asked.body.paths) }),
  },
  'GET /api/v1/downloads/:ticket': { action: 'archive.download', kind: 'download' },
  'POST /api/v1/uploads': {
    ...{ action: 'archive.upload', kind: 'change' },
    target: ({ query: { namespace } }) => ({ claims: [{ namespace, name: null, uid: null }] }),
    outcome: ({ id, bytes }) => ({ detail: `upload:${id}, ${bytes} bytes` }),
  },
  'DELETE /api/v1/uploads/:id': {
    ...{ action: 'archive.delete-upload', kind: 'change' },
    target: ({ params: { id } }, world) => archiveTarget(`upload:${id}`, world),
  },

  'POST /api/v1/destinations/check': {
    ...{ action: 'destination.test-settings', kind: 'change' },
    target: ({ body: { name } }) => ({ destination: name }),
  },
  'POST /api/v1/destinations/:name/check': {
    ...{ action: 'destination.test', kind: 'change', target: ofDestination },
  },
  'POST /api/v1/destinations/:name/append-only': {
    ...{ action: 'destination.test-append-only', kind: 'change', target: ofDestination },
  },
  'POST /api/v1/destinations/:name/catalog': {
    ...{ action: 'destination.read-catalog', kind: 'change', target: ofDestination },
  },
  'POST /api/v1/destinations/:name/unlock': {
    ...{ action: 'destination.unlock', kind: 'change', target: ofDestination },
  },
  'POST /api/v1/destinations/:name/lock': {
    ...{ action: 'destination.lock', kind: 'change', target: ofDestination },
  },
  'GET /api/v1/destinations/:name/recovery-kit': {
    ...{ action: 'destination.read-recovery-kit', kind: 'read', target: ofDestination },
  },
  'POST /api/v1/clusters': {
    ...{ action: 'cluster.add', kind: 'change' },
    target: ({ body: { name, dryRun } }) => ({
      detail: dryRun ? `cluster ${name}, as a test` : `cluster ${name}`,
    }),
  },
  'PUT /api/v1/clusters/:name': { action: 'cluster.change', kind: 'change', target: ofCluster },
  'DELETE /api/v1/clusters/:name': { action: 'cluster.delete', kind: 'change', target: ofCluster },
  'POST /api/v1/retention/approve': {
    ...{ action: 'retention.approve', kind: 'change' },
    target: ({ body: { destination, removed, cluster } }) => ({
      ...{ cluster, destination, detail: `${removed} archives` },
    }),
  },

  'GET /api/v1/audit': { action: 'audit.read', kind: 'read' },
  'POST /api/v1/audit/check': { action: 'audit.check', kind: 'read' },
};

/** Names of files are data of the volume: only their number is recorded. */
export const pathsOf = (paths: readonly string[]): string =>
  paths.length === 0 ? 'the whole archive' : `${paths.length} paths`;

/** Actions of NKVM itself. */
export const OWN_ACTIONS = [
  ...['backup.end', 'copy.end', 'drill.end', 'restore.end', 'verify.end'],
  ...['archive.delete', 'archive.delete-unproven', 'destination.change'],
  ...['audit.start', 'audit.prune', 'audit.gap', 'call.unauthenticated'],
] as const;

/** @returns every action that an entry can have, sorted. */
export const allActions = (): string[] =>
  [
    ...new Set([
      ...Object.values(AUDITED_ACTIONS).flatMap(row => ('action' in row ? [row.action] : [])),
      ...['archive.search', ...OWN_ACTIONS],
    ]),
  ].sort();
