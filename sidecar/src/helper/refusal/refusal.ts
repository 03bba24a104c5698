import { namespaceOfNkvm, openNamespaceCommand } from '../../../api/index.ts';
import { ApiFailure, isMissingRight } from '../../cluster/gateway/apiFailure.ts';
import type { Denial } from '../../cluster/gateway/denial.ts';
import { denialOf } from '../../cluster/gateway/denial.ts';
import { StageError, textOf } from '../../errors.ts';
import { allowRootCommand } from '../settings/readsAs.ts';
import { LIMIT_RULES } from './limitRefusals.ts';
import type { Refusal, Rule } from './refusalRule.ts';

const NEEDS = 'user 0 and the capability DAC_OVERRIDE';
const EXEMPT = 'app.kubernetes.io/component=backup-helper';

/** The first one that matches decides. Each is about a sentence of the API server, or of one of its admission plugins. */
const RULES: Rule[] = [
  [
    /because it is being terminated/,
    (_, namespace) => ({
      reason: 'NamespaceTerminating',
      message: `namespace ${namespace} is being deleted, and its volumes with it`,
      hint: 'nothing to do: no pod can be created in it any more',
      class: 'needs-action',
    }),
  ],
  [
    /violates PodSecurity "([^"]+)": (.*)/,
    ([, level, why], namespace) => ({
      reason: 'PodSecurity',
      message: `namespace ${namespace} does not admit the helper pod: its Pod Security level is ${level} (${why})`,
      hint: `set Pod Security level baseline, which the helper needs: ${allowRootCommand(
        namespace
      )}; or, to back up what the user of the volume’s pods can read, set NKVM_HELPER_RESTRICTED to auto, or to always where the namespace has no such label`,
      class: 'needs-action',
    }),
  ],
  ...LIMIT_RULES,
  [
    /image policy webhook backend denied one or more images: (.*)/,
    ([, why], namespace) => ({
      reason: 'ImageDenied',
      message: `the image policy of the cluster does not admit the helper image in namespace ${namespace}: ${why}`,
      hint: 'set NKVM_HELPER_IMAGE to an image that the policy allows',
      class: 'needs-action',
    }),
  ],
  [
    /no PriorityClass with name (\S+) was found/,
    ([, name], namespace) => ({
      reason: 'PriorityClassMissing',
      message: `the cluster has no PriorityClass ${name}, so that no helper pod can be created in namespace ${namespace}`,
      hint: 'create it, or change NKVM_HELPER_PRIORITY_CLASS',
      class: 'needs-action',
    }),
  ],
  [
    /is forbidden: (pod (?:tolerations|node label selector).*)/,
    ([, why = ''], namespace) => ({
      reason: 'HelperRefused',
      message: `an admission rule of the cluster does not admit the helper pod in namespace ${namespace}: ${why}`,
      hint: `change ${
        /^pod tol/.test(why) ? 'NKVM_HELPER_TOLERATIONS' : 'NKVM_HELPER_NODE_SELECTOR'
      } so that it fits the annotations scheduler.alpha.kubernetes.io/… of namespace ${namespace}`,
      class: 'needs-action',
    }),
  ],
  [
    /error looking up service account ([^:]+): (.*)/,
    ([, account = ''], namespace) => ({
      reason: 'ServiceAccountMissing',
      message: `ServiceAccount ${account} does not exist yet, so that no pod can be created in namespace ${namespace}`,
      hint: /\/default$/.test(account)
        ? `nothing to do in a new namespace; otherwise create it with kubectl create serviceaccount default -n ${namespace}`
        : `create it in namespace ${namespace}, or change NKVM_HELPER_SERVICE_ACCOUNT`,
      class: /\/default$/.test(account) ? 'transient' : 'needs-action',
    }),
  ],
];

/** Whether it is about CPU, memory or local storage: then a pod with other resources may be admitted. */
export function isAboutResources(error: unknown): boolean {
  if (!(error instanceof ApiFailure) || denialOf(error.message)) return false;
  return (
    ['QuotaExceeded', 'QuotaNeedsLimits', 'LimitRange'].includes(meaningOf('', error).reason) ||
    // A LimitRange gives a limit to a container that has none, and that limit is below the request.
    (error.kind === 'invalid' && /must be less than or equal to \S+ limit/.test(error.message))
  );
}

/**
 * Decides what it means that the API server did not create a helper pod.
 * @param misfits of `fitResources`: then nothing helps but the numbers in them
 * @returns an error of stage `create`, with a reason of its own for each cause that a different person must remove.
 */
export function refusalOf(
  namespace: string,
  error: unknown,
  misfits: readonly string[] = []
): StageError {
  if (error instanceof StageError) return error; // of `createPod`
  const { reason, message, hint, class: failureClass } = meaningOf(namespace, error);
  const numbers = misfits.length > 0 ? `; ${misfits.join('; ')}` : '';
  return new StageError('create', reason, message + numbers, hint, failureClass, { cause: error });
}

function meaningOf(namespace: string, error: unknown): Refusal {
  if (!(error instanceof ApiFailure)) {
    return {
      reason: 'Unexpected',
      message: `the helper pod could not be created in namespace ${namespace}: ${textOf(error)}`,
      hint: 'see the log of NKVM for this run',
      class: 'unknown',
    };
  }
  if (isMissingRight(error)) {
    return {
      reason: 'NamespaceNotOpen',
      message: `backups are not allowed in namespace ${namespace}: ${error.message}`,
      hint: `allow them with: ${openNamespaceCommand(namespace)}`,
      class: 'needs-action',
    };
  }
  const denial = denialOf(error.message);
  if (denial) return deniedBy(denial, namespace);
  for (const [pattern, meaning] of RULES) {
    const found = pattern.exec(error.message);
    if (found) return meaning(found, namespace);
  }
  return byKind(namespace, error);
}

function deniedBy({ by, who, why, ...denial }: Denial, namespace: string): Refusal {
  const settings =
    'or give helper pods what it demands, with the settings NKVM_HELPER_LABELS, NKVM_HELPER_ANNOTATIONS, NKVM_HELPER_CPU_LIMIT and others';
  switch (by) {
    case 'scc':
      return {
        reason: 'SecurityContextConstraints',
        message: `no SecurityContextConstraints admit the helper pod in namespace ${namespace}: ${why}`,
        hint: `let ServiceAccount nkvm-runner of namespace ${namespaceOfNkvm()} use SecurityContextConstraints that allow ${NEEDS}; or set NKVM_HELPER_RUN_AS_USER to a user id that they allow`,
        class: 'needs-action',
      };
    case 'policy':
      return {
        reason: 'AdmissionPolicy',
        message: `${who} does not admit the helper pod in namespace ${namespace}: ${why}`,
        hint: `exempt pods with the label ${EXEMPT} in ${
          denial.binding ? `the policy, or in its binding ${denial.binding}` : 'the policy'
        }; ${settings}`,
        class: 'needs-action',
      };
    case 'webhook':
      return {
        reason: 'WebhookDenied',
        message: `${who} does not admit the helper pod in namespace ${namespace}: ${why}`,
        hint: `${exemption(denial)}; ${settings}`,
        class: 'needs-action',
      };
    case 'webhookDown':
      return {
        reason: 'WebhookUnreachable',
        message: `${who} does not answer, so that no pod can be created in namespace ${namespace}: ${why}`,
        hint: `check the service behind webhook ${denial.webhook}; NKVM tries again`,
        class: 'transient',
      };
  }
}

function exemption({ product, webhook }: Pick<Denial, 'product' | 'webhook'>): string {
  const exempt = `exempt pods with the label ${EXEMPT}`;
  switch (product) {
    case 'Kyverno':
      return `${exempt}, e.g. by a PolicyException for the policies in the message`;
    case 'Gatekeeper':
      return `${exempt}, in spec.match.labelSelector of the constraint in the message`;
    case 'Sigstore policy controller':
    case 'Connaisseur':
      return `sign the image, or set NKVM_HELPER_IMAGE to one that it accepts; or ${exempt}`;
    default:
      return `${exempt} in the rules of webhook ${webhook}`;
  }
}

function byKind(namespace: string, error: ApiFailure): Refusal {
  const { kind, status, message, class: failureClass } = error;
  switch (kind) {
    case 'unreachable':
      return {
        reason: 'ApiUnreachable',
        message,
        hint:
          failureClass === 'needs-action'
            ? 'check the certificate of the API server, and the certificate authority in the kubeconfig'
            : 'nothing to do: NKVM tries again when the API server can be reached',
        class: failureClass,
      };
    case 'busy':
    case 'gone':
      return {
        reason: 'ApiBusy',
        message: `the API server could not create the helper pod in namespace ${namespace}: ${message}`,
        hint: 'nothing to do: NKVM tries again',
        class: failureClass,
      };
    case 'notFound':
      return {
        reason: 'NamespaceGone',
        message: `namespace ${namespace} does not exist: ${message}`,
        hint: 'nothing to do',
        class: 'needs-action',
      };
    case 'conflict':
      return {
        reason: 'HelperExists',
        message: `another helper pod of this run is still there in namespace ${namespace}: ${message}`,
        hint: 'nothing to do: NKVM deletes it and tries again',
        class: 'transient',
      };
    case 'invalid':
      return {
        reason: 'HelperInvalid',
        message: `the API server rejects the helper pod in namespace ${namespace} as invalid: ${message}`,
        hint: 'check the settings NKVM_HELPER_…, the defaults of a LimitRange, and whether an admission webhook changes helper pods',
        class: failureClass,
      };
    case 'refused':
      return status === 401
        ? {
            reason: 'CredentialsRefused',
            message: `the API server does not accept the credentials of NKVM: ${message}`,
            hint: 'check the kubeconfig, or that ServiceAccount nkvm-runner exists and restart NKVM',
            class: 'needs-action',
          }
        : {
            reason: 'HelperRefused',
            message: `an admission rule of the cluster does not admit the helper pod in namespace ${namespace}: ${message}`,
            hint: `find the rule by its text, and exempt pods with the label ${EXEMPT}; or give helper pods what it demands, with the settings NKVM_HELPER_…`,
            class: failureClass,
          };
  }
}
