import { METRICS_CLUSTER_ROLE } from '../../../api/index.ts';
import type { Access, Action, PathAction, Subject } from '../../cluster/gateway/access.ts';
import { Refusal } from '../entry/problems.ts';
import { fairQuestions } from './fairQuestions.ts';

/** Rights of callers, asked of the API server and remembered for a short while. */
export interface Rights {
  /**
   * @param maxAgeMs how old a remembered answer may be.
   * @throws Refusal (503) when the API server did not say.
   */
  has(subject: Subject, action: Action | PathAction, maxAgeMs?: number): Promise<boolean>;
  /**
   * As `has`, for a look through many namespaces, in most of which a caller has no right: a "no" counts for a minute, so that
   * lists which are read again and again do not ask for all of them each time.
   * @throws Refusal (503) when the API server did not say.
   */
  hasAmongMany(subject: Subject, action: Action): Promise<boolean>;
  /** @returns the refusal (403) that names the missing right; undefined when the caller has it. */
  lacking(subject: Subject, action: Action | PathAction): Promise<Refusal | undefined>;
  /** @throws Refusal (403) that names the missing right. */
  need(subject: Subject, action: Action | PathAction): Promise<void>;
}

/** A revoked right ends after this time; open streams ask again by themselves. */
const KEEP_MS = 10_000;
/** A right that is new appears in lists after this time at the latest; where it is needed, at once. */
const KEEP_NO_MS = 60_000;
/** A look through 500 namespaces leaves about 520. */
const KEEP_ANSWERS = 20_000;

interface Answer {
  at: number;
  answer: Promise<boolean>;
  isNo?: boolean;
}

/**
 * @param cluster whose API server is asked; undefined: NKVM's own. It is never asked about the callers of another cluster, who have no
 *   rights there.
 */
export function rightsOf(
  access: Pick<Access, 'may'>,
  now: () => number = Date.now,
  cluster?: string
): Rights {
  /** The oldest are first. */
  const answers = new Map<string, Answer>();
  const may = fairQuestions(access.may);
  const ask = async (key: string, subject: Subject, action: Action | PathAction) => {
    const answer = may(subject, action);
    const asked: Answer = { at: now(), answer };
    answers.delete(key);
    answers.set(key, asked);
    const [oldest] = answers.keys();
    if (answers.size > KEEP_ANSWERS && oldest !== undefined) answers.delete(oldest);
    answer.then(
      isYes => (asked.isNo = !isYes),
      () => answers.get(key) === asked && answers.delete(key)
    );
    return await answerOf(asked, cluster);
  };
  const has: Rights['has'] = async (subject, action, maxAgeMs = KEEP_MS) => {
    if (subject.cluster !== cluster) return false;
    const key = JSON.stringify([subject, action]);
    const before = answers.get(key);
    if (before && now() - before.at < maxAgeMs) return await answerOf(before, cluster);
    return await ask(key, subject, action);
  };
  const hasAmongMany: Rights['hasAmongMany'] = async (subject, action) => {
    if (subject.cluster !== cluster) return false;
    const key = JSON.stringify([subject, action]);
    const before = answers.get(key);
    const keepMs = before?.isNo ? KEEP_NO_MS : KEEP_MS;
    if (before && now() - before.at < keepMs) return await answerOf(before, cluster);
    return await ask(key, subject, action);
  };
  const lacking: Rights['lacking'] = async (subject, action) =>
    (await has(subject, action)) ? undefined : missing(subject, action, cluster);
  return {
    ...{ has, hasAmongMany, lacking },
    need: needOf(lacking),
  };
}

/** @returns `need`, which throws what `lacking` returns. */
export const needOf =
  (lacking: Rights['lacking']): Rights['need'] =>
  async (subject, action) => {
    const refusal = await lacking(subject, action);
    if (refusal) throw refusal;
  };

const answerOf = async (
  { answer }: { answer: Promise<boolean> },
  cluster: string | undefined
): Promise<boolean> => {
  try {
    return await answer;
  } catch (error) {
    throw error instanceof Refusal ? error : unknown(error, cluster);
  }
};

/** @returns the problem that the API server gave no answer. It never counts as a yes. */
export const unknown = (error: unknown, cluster?: string): Refusal =>
  Object.assign(
    new Refusal(
      503,
      'RightsUnknown',
      `the API server${ofCluster(cluster)} did not say whether this is allowed`,
      'try again when the API server can be reached'
    ),
    { cause: error }
  );

const ofCluster = (cluster: string | undefined): string =>
  cluster === undefined ? '' : ` of cluster ${cluster}`;

function missing(
  subject: Subject,
  action: Action | PathAction,
  cluster: string | undefined
): Refusal {
  if (subject.cluster !== cluster) return elsewhere(subject, cluster);
  return new Refusal(
    403,
    'Forbidden',
    `${subject.username} may not ${action.verb} ${whatOf(action)}${ofCluster(cluster)}`,
    `ask an administrator for it, e.g. by: ${grant(subject, action)}`
  );
}

const elsewhere = ({ username, cluster }: Subject, asked: string | undefined): Refusal =>
  new Refusal(
    403,
    'Forbidden',
    `${username} of ${
      cluster === undefined ? 'the cluster of NKVM' : `cluster ${cluster}`
    } has no rights in ${asked === undefined ? 'the cluster of NKVM' : `cluster ${asked}`}`,
    'send a token of that cluster, or ask an administrator of NKVM'
  );

function whatOf(action: Action | PathAction): string {
  if ('path' in action) return action.path;
  const { group, resource, subresource, namespace, name } = action;
  const what = [group ? `${resource}.${group}` : resource, subresource].filter(Boolean).join('/');
  const which = name ? ` of ${name}` : '';
  const where = namespace ? `in namespace ${namespace}` : 'in all namespaces';
  return `${what}${which} ${where}`;
}

/** @returns a command that would give the right. */
function grant({ username }: Subject, action: Action | PathAction): string {
  const account = /^system:serviceaccount:([a-z0-9-]+):([a-z0-9.-]+)$/.exec(username);
  const who = account
    ? `--serviceaccount ${account[1]}:${account[2]}`
    : `--user ${shellQuoted(username)}`;
  const role = roleFor(action);
  // A binding for each subject: one that is there already may be another one's.
  const subject = account ? `${account[1]}-${account[2]}` : username;
  const name = `${role}-${subject.toLowerCase().replaceAll(/[^a-z0-9.]+/g, '-')}`;
  return 'namespace' in action && action.namespace
    ? `kubectl create rolebinding ${name} -n ${action.namespace} --clusterrole ${role} ${who}`
    : `kubectl create clusterrolebinding ${name} --clusterrole ${role} ${who}`;
}

/** A user name of OIDC may contain anything, and the command is there to be pasted. */
const shellQuoted = (text: string): string =>
  /^[\w.@:/-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

/** @returns the smallest of the roles in deploy/k8s/rbac that has the right. */
function roleFor(action: Action | PathAction): string {
  if ('path' in action) return METRICS_CLUSTER_ROLE;
  const { resource, subresource, verb } = action;
  if (resource === 'pods') return 'edit';
  if (resource !== 'persistentvolumeclaims') return 'nkvm-admin';
  if (subresource === 'archive' && verb === 'delete') return 'nkvm-admin';
  if (subresource === 'restore' || subresource === 'archive') return 'nkvm-restorer';
  return verb === 'create' ? 'nkvm-operator' : 'nkvm-viewer';
}
