import { namespaceOfNkvm, openNamespaceCommand } from '../../../api/index.ts';
import { ApiFailure, isMissingRight } from '../../cluster/gateway/apiFailure.ts';
import { denialOf } from '../../cluster/gateway/denial.ts';
import { StageError, textOf } from '../../errors.ts';

/**
 * Why no command can be started in a helper pod. A cluster may admit the pod and refuse this: a rule for CONNECT on `pods/exec`
 * sees the command and the caller, and not the pod's labels.
 */
export function execRefusalOf(namespace: string, error: unknown): StageError {
  if (error instanceof StageError) return error; // nobody was asked: the address leads to another cluster
  const says = textOf(error);
  const failureClass = error instanceof ApiFailure ? error.class : 'unknown';
  const refuse = (reason: string, message: string, hint: string, as = failureClass): StageError =>
    new StageError('exec', reason, message, hint, as, { cause: error });
  const noCommand = `commands in helper pods of namespace ${namespace}`;

  if (error instanceof ApiFailure && isMissingRight(error)) {
    return refuse(
      'ExecRefused',
      `the API server does not let NKVM start ${noCommand}: ${says}`,
      `grant the right to create pods/exec with: ${openNamespaceCommand(namespace)}`
    );
  }
  const exempt = `exempt requests of system:serviceaccount:${namespaceOfNkvm()}:nkvm-runner, or pods named nkvm-backup-* and nkvm-restore-*`;
  const denial = error instanceof ApiFailure ? denialOf(says) : undefined;
  switch (denial?.by) {
    case 'scc':
      return refuse(
        'SecurityContextConstraints',
        `SecurityContextConstraints do not let NKVM start ${noCommand}: ${denial.why}`,
        `let ServiceAccount nkvm-runner of namespace ${namespaceOfNkvm()} use the SecurityContextConstraints that admitted the helper pod`,
        'needs-action'
      );
    case 'policy':
      return refuse(
        'AdmissionPolicy',
        `${denial.who} does not admit ${noCommand}: ${denial.why}`,
        `${exempt}, in ${
          denial.binding ? `the policy, or in its binding ${denial.binding}` : 'the policy'
        }: it is a rule for CONNECT on pods/exec`,
        'needs-action'
      );
    case 'webhook':
      return refuse(
        'WebhookDenied',
        `${denial.who} does not admit ${noCommand}: ${denial.why}`,
        `${exempt}, in the rules of ${denial.product ?? 'the webhook'} for CONNECT on pods/exec`,
        'needs-action'
      );
    case 'webhookDown':
      return refuse(
        'WebhookUnreachable',
        `${denial.who} does not answer, so that no command can be started in namespace ${namespace}: ${denial.why}`,
        `check the service behind webhook ${denial.webhook}; NKVM tries again`,
        'transient'
      );
    default:
      break;
  }
  if (error instanceof ApiFailure && error.kind === 'refused') {
    return refuse(
      'ExecRefused',
      `the cluster does not admit ${noCommand}: ${says}`,
      error.status === 401
        ? 'check the kubeconfig, or that ServiceAccount nkvm-runner exists and restart NKVM'
        : `find the rule by its text, and ${exempt}`
    );
  }
  return refuse(
    'ExecRefused',
    says,
    'check that the kubelet of the helper’s node answers the API server'
  );
}
