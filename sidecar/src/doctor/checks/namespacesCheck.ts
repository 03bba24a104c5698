import type { DoctorFinding } from '../../../api/index.ts';
import { openNamespaceCommand } from '../../../api/index.ts';
import type { IsOpen, OpenNamespaces } from '../../backup/request/openNamespaces.ts';
import type { Access } from '../../cluster/gateway/access.ts';
import type { Viewer } from '../doctor.ts';
import { fails, fine, warns } from '../finding.ts';
import type { NeededRole } from '../neededRights.ts';
import { actionsOf, nameOfAction, NAMESPACE_ROLES, rulesYaml } from '../neededRights.ts';
import { missingOf } from './rightsCheck.ts';

export interface NamespacesCheck {
  access: Pick<Access, 'mayI'>;
  open: Pick<OpenNamespaces, 'known'>;
  /** NKVM_NAMESPACE_SELECTOR. */
  selector: string | undefined;
  /** Those that have volumes. */
  namespaces: readonly string[];
  /** Those of them where a volume has a schedule. */
  scheduled: readonly string[];
}

/** Each namespace takes some 40 questions. */
const MOST_CHECKED = 10;
/** Names in one sentence. */
const MOST_NAMED = 10;

/** Where NKVM may run helper pods, and whether it has all of the rights there that it needs. */
export async function checkNamespaces(
  { access, open, selector, namespaces, scheduled }: NamespacesCheck,
  { seesNamespaces }: Viewer
): Promise<DoctorFinding[]> {
  const listed = (names: readonly string[]): string =>
    !seesNamespaces || names.length === 0
      ? ''
      : ` (${names.slice(0, MOST_NAMED).join(', ')}${names.length > MOST_NAMED ? ', …' : ''})`;
  const everywhere = await mayEverywhere(access);
  const answers = await Promise.all(namespaces.map(name => open.known(name)));
  const opened = namespaces.filter((_, at) => answers[at] === true);
  const unknown = answers.filter(answer => answer === 'unknown').length;
  const isAnswer = (answer: IsOpen) => (name: string) =>
    answers[namespaces.indexOf(name)] === answer;
  const closed = scheduled.filter(isAnswer(false));
  const unlabelled = scheduled.filter(isAnswer('unselected'));
  const found = [
    everywhere && selector === undefined
      ? warns(
          'NKVM may run helper pods in all namespaces: nkvm-runtime is bound for the whole cluster, and NKVM_NAMESPACE_SELECTOR is not set',
          'where that is too much, set NKVM_NAMESPACE_SELECTOR, or bind the role in each namespace that you want to back up',
          'kubectl delete -k deploy/k8s/cluster-wide'
        )
      : fine(
          `NKVM may run helper pods in ${opened.length} of ${
            namespaces.length
          } namespaces with volumes${listed(opened)}${
            everywhere ? `: those that match ${selector}` : ''
          }`
        ),
  ];
  if (!everywhere && selector !== undefined)
    found.push(
      warns(
        `NKVM_NAMESPACE_SELECTOR (${selector}) opens no namespace, because nkvm-runtime is not bound for the whole cluster`,
        'bind it for the whole cluster, or remove the setting',
        'kubectl apply -k deploy/k8s/cluster-wide'
      )
    );
  if (opened.length === 0 && namespaces.length > 0 && unknown === 0)
    found.push(
      warns(
        'no volume can be backed up',
        everywhere
          ? 'give each namespace that you want to back up the labels that NKVM_NAMESPACE_SELECTOR wants'
          : 'allow backups in each namespace that you want to back up',
        everywhere ? null : openNamespaceCommand('NAMESPACE')
      )
    );
  if (unknown > 0)
    found.push(
      warns(
        `of ${unknown} namespaces it is not known, because the API server did not say`,
        'run the doctor again'
      )
    );
  if (closed.length > 0)
    found.push(
      fails(
        `volumes in ${
          closed.length
        } namespaces have a schedule, and NKVM may not run helper pods there${listed(closed)}`,
        'allow backups there, or remove the label',
        openNamespaceCommand((seesNamespaces && closed[0]) || 'NAMESPACE')
      )
    );
  if (unlabelled.length > 0)
    found.push(
      fails(
        `volumes in ${
          unlabelled.length
        } namespaces have a schedule, and the labels of these namespaces do not match NKVM_NAMESPACE_SELECTOR${listed(
          unlabelled
        )}`,
        'give them the labels that it wants, or remove the schedules'
      )
    );
  const checked = everywhere ? [undefined] : opened.slice(0, MOST_CHECKED);
  for (const role of NAMESPACE_ROLES) found.push(...(await lacksOf(access, role, checked, listed)));
  if (!everywhere && opened.length > checked.length)
    found.push(fine(`each single right was looked up in the first ${checked.length} of them`));
  return found;
}

const mayEverywhere = async (access: Pick<Access, 'mayI'>): Promise<boolean> => {
  for (const subresource of [undefined, 'exec'])
    if (
      !(await access.mayI({
        ...{ verb: 'create', group: '', resource: 'pods' },
        ...(subresource && { subresource }),
      }))
    )
      return false;
  return true;
};

/** Equal lacks of several namespaces are one finding. */
async function lacksOf(
  access: Pick<Access, 'mayI'>,
  role: NeededRole,
  namespaces: readonly (string | undefined)[],
  listed: (names: readonly string[]) => string
): Promise<DoctorFinding[]> {
  const [sign] = actionsOf({ rules: signOf(role) });
  const lacks = new Map<string, { names: string[]; yaml: string; actions: string }>();
  await Promise.all(
    namespaces.map(async namespace => {
      const where = namespace === undefined ? {} : { namespace };
      // Without its first right the role is not bound there, which is a decision and no fault.
      if (!sign || !(await access.mayI({ ...sign, ...where }))) return;
      const missing = await missingOf(access, role, namespace);
      if (missing.length === 0) return;
      const actions = missing.map(nameOfAction).join(', ');
      const known = lacks.get(actions) ?? { names: [], yaml: rulesYaml(missing), actions };
      lacks.set(actions, known);
      if (namespace !== undefined) known.names.push(namespace);
    })
  );
  return [...lacks.values()].map(({ names, yaml, actions }) =>
    fails(
      `in ${names.length || 'all'} namespaces${listed(names)}, NKVM may not ${actions}: ${
        role.without
      }`,
      `apply deploy/k8s/rbac of this version again, or add these rules to ${role.kind} ${role.role}`,
      yaml
    )
  );
}

/** A right that the role has and no other: `create pods` of nkvm-runtime, `create persistentvolumeclaims` of nkvm-restore. */
const signOf = ({ rules }: NeededRole): NeededRole['rules'] =>
  rules.slice(0, 1).map(rule => ({ ...rule, verbs: ['create'] }));
