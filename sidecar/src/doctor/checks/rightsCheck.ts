import type { DoctorFinding } from '../../../api/index.ts';
import { bindingOf, RUNNER_SERVICE_ACCOUNT } from '../../../api/index.ts';
import type { Access, Action } from '../../cluster/gateway/access.ts';
import { fails, fine, warns } from '../finding.ts';
import type { NeededRole } from '../neededRights.ts';
import { actionsOf, nameOfAction, NEEDED_ROLES, rulesYaml } from '../neededRights.ts';

/** Bindings whose name is not that of their role. */
const BINDINGS: Record<string, string> = { 'system:auth-delegator': 'nkvm-auth-delegator' };

/** @returns those of a role's actions that NKVM may not do. @throws ApiFailure when there was no answer. */
export async function missingOf(
  access: Pick<Access, 'mayI'>,
  role: NeededRole,
  namespace?: string
): Promise<Action[]> {
  const actions = actionsOf(role, namespace);
  const allowed = await Promise.all(actions.map(action => access.mayI(action)));
  return actions.filter((_, at) => !allowed[at]);
}

/**
 * The rights that every installation needs.
 * @param namespace of NKVM
 * @param inPod outside of a pod there is no Lease
 */
export async function checkRights(
  access: Pick<Access, 'mayI'>,
  namespace: string,
  inPod: boolean
): Promise<DoctorFinding[]> {
  const needed = NEEDED_ROLES.filter(({ role }) => inPod || role !== 'nkvm-writer');
  const found = await Promise.all(
    needed.map(async role => {
      const where = role.kind === 'Role' ? namespace : undefined;
      const missing = await missingOf(access, role, where);
      return missing.length === 0 ? [] : [lacking(role, missing, namespace)];
    })
  );
  const roles = needed.map(({ role }) => role).join(', ');
  return found.flat().length > 0 ? found.flat() : [fine(`NKVM has the rights of ${roles}`)];
}

function lacking(role: NeededRole, missing: Action[], namespace: string): DoctorFinding {
  const isUnbound = missing.length === actionsOf(role).length;
  const text = `NKVM may not ${missing.map(nameOfAction).join(', ')}: ${role.without}`;
  const found = role.isOptional ? warns : fails;
  return isUnbound
    ? found(
        text,
        `bind ${role.kind} ${role.role} to ServiceAccount ${RUNNER_SERVICE_ACCOUNT}, as a cluster administrator`,
        bindCommand(role, namespace)
      )
    : found(
        text,
        `apply deploy/k8s/rbac of this version again, or add these rules to ${role.kind} ${role.role}`,
        rulesYaml(missing)
      );
}

function bindCommand({ role, kind }: NeededRole, namespace: string): string {
  const name = BINDINGS[role] ?? role;
  const account = `--serviceaccount ${namespace}:${RUNNER_SERVICE_ACCOUNT}`;
  return kind === 'Role'
    ? `kubectl create rolebinding ${name} -n ${namespace} --role ${role} ${account}`
    : `kubectl create clusterrolebinding ${bindingOf(
        name,
        namespace
      )} --clusterrole ${role} ${account}`;
}
