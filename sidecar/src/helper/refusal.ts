import { namespaceOfNkvm, openNamespaceCommand } from '../../api/index.ts';
import { ApiFailure, isMissingRight } from '../cluster/apiFailure.ts';
import { bytesOf } from '../cluster/quantity.ts';
import { type FailureClass, StageError, textOf } from '../errors.ts';

/** What a refusal comes to, for people and for programs. */
interface Refusal {
  reason: string;
  message: string;
  hint: string;
  class: FailureClass;
}

/** One rule: what the API server's sentence looks like, and what it means. */
type Rule = [pattern: RegExp, meaning: (found: RegExpExecArray, namespace: string) => Refusal];

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
      hint: `the helper needs Pod Security level baseline: kubectl label --overwrite namespace ${namespace} pod-security.kubernetes.io/enforce=baseline`,
      class: 'needs-action',
    }),
  ],
  [
    /unable to validate against any security context constraint: (.*)/,
    ([, why], namespace) => ({
      reason: 'SecurityContextConstraints',
      message: `no SecurityContextConstraints admit the helper pod in namespace ${namespace}: ${why}`,
      hint: `let ServiceAccount nkvm-runner of namespace ${namespaceOfNkvm()} use SecurityContextConstraints that allow ${NEEDS}`,
      class: 'needs-action',
    }),
  ],
  [
    /exceeded quota: (\S+), requested: (\S+), used: (\S+), limited: (\S+)/,
    ([, quota = '', requested = '', used = '', limited = ''], namespace) =>
      quotaExceeded(namespace, quota, requested, used, limited),
  ],
  [
    /failed quota: (\S+): must specify (.*)/,
    ([, quota, what = ''], namespace) => {
      const missing = what.replaceAll(/ for: [^;]+/g, '').replaceAll(/; ?|,(?=\S)/g, ', ');
      return {
        reason: 'QuotaNeedsLimits',
        message: `quota ${quota} of namespace ${namespace} demands ${missing}, which helper pods do not set`,
        hint: `NKVM has no setting for this yet; create a LimitRange in namespace ${namespace} whose default and defaultRequest set ${missing} for containers: Kubernetes then adds them to helper pods`,
        class: 'needs-action',
      };
    },
  ],
  [
    /insufficient quota to match these scopes: (.*)/,
    ([, scopes], namespace) => ({
      reason: 'QuotaExceeded',
      message: `no quota of namespace ${namespace} covers the helper pod: it needs one for the scopes ${scopes}`,
      hint: `create a ResourceQuota for these scopes in namespace ${namespace}`,
      class: 'needs-action',
    }),
  ],
  [
    /status unknown for quota: ([^,]+)/,
    ([, quota], namespace) => ({
      reason: 'QuotaUnknown',
      message: `quota ${quota} of namespace ${namespace} is not in force yet`,
      hint: 'nothing to do: Kubernetes computes a new quota within seconds',
      class: 'transient',
    }),
  ],
  [
    /is forbidden: (.*(?:usage per \w+ is|limit to request ratio per \w+ is).*)/,
    ([, why = ''], namespace) => ({
      reason: 'LimitRange',
      message: `a LimitRange of namespace ${namespace} does not admit the helper pod: ${why}`,
      hint: /memory/.test(why)
        ? `change the LimitRange, or set NKVM_HELPER_MEMORY_LIMIT to what it allows`
        : `change the LimitRange of namespace ${namespace} so that it admits the helper pod`,
      class: 'needs-action',
    }),
  ],
  [
    /((?:Validating|Mutating)AdmissionPolicy) '([^']+)'(?: with binding '([^']+)')? denied request: (.*)/,
    ([, kind, policy, binding, why], namespace) => ({
      reason: 'AdmissionPolicy',
      message: `${kind} ${policy} does not admit the helper pod in namespace ${namespace}: ${why}`,
      hint: `exempt pods with the label ${EXEMPT} in ${
        binding ? `the policy, or in its binding ${binding}` : 'the policy'
      }`,
      class: 'needs-action',
    }),
  ],
  [
    /admission webhook "([^"]+)" denied the request:? ?(.*)/,
    ([, webhook = '', why = ''], namespace) => ({
      reason: 'WebhookDenied',
      message: `${webhookText(webhook)} does not admit the helper pod in namespace ${namespace}: ${
        why || 'no explanation'
      }`,
      hint: exemption(webhook),
      class: 'needs-action',
    }),
  ],
  [
    /failed calling webhook "([^"]+)": (.*)/,
    ([, webhook = '', why = ''], namespace) => ({
      reason: 'WebhookUnreachable',
      message: `${webhookText(
        webhook
      )} does not answer, so that no pod can be created in namespace ${namespace}: ${why}`,
      hint: `check the service behind webhook ${webhook}; NKVM tries again`,
      class: 'transient',
    }),
  ],
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
    /error looking up service account ([^:]+): (.*)/,
    ([, account], namespace) => ({
      reason: 'ServiceAccountMissing',
      message: `ServiceAccount ${account} does not exist yet, so that no pod can be created in namespace ${namespace}`,
      hint: `nothing to do in a new namespace; otherwise create it with kubectl create serviceaccount default -n ${namespace}`,
      class: 'transient',
    }),
  ],
];

/**
 * Decides what it means that the API server did not create a helper pod.
 * @returns an error of stage `create`, with a reason of its own for each cause that a different person must remove.
 */
export function refusalOf(namespace: string, error: unknown): StageError {
  const { reason, message, hint, class: failureClass } = meaningOf(namespace, error);
  return new StageError('create', reason, message, hint, failureClass, { cause: error });
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
      message: `namespace ${namespace} is not open for backups: ${error.message}`,
      hint: `open it with: ${openNamespaceCommand(namespace)}`,
      class: 'needs-action',
    };
  }
  for (const [pattern, meaning] of RULES) {
    const found = pattern.exec(error.message);
    if (found) return meaning(found, namespace);
  }
  return byKind(namespace, error);
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
        hint: 'check the settings NKVM_HELPER_…, and whether an admission webhook changes helper pods',
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
            hint: `find the rule by its text, and exempt pods with the label ${EXEMPT}`,
            class: failureClass,
          };
  }
}

function quotaExceeded(
  namespace: string,
  quota: string,
  requested: string,
  used: string,
  limited: string
): Refusal {
  const [have, inUse] = [amountsIn(limited), amountsIn(used)];
  const needs = [...amountsIn(requested)];
  const fits = needs.every(([what, amount]) => {
    const [need, limit] = [bytesOf(amount), bytesOf(have.get(what))];
    return need === null || limit === null || need <= limit;
  });
  const numbers = needs.map(
    ([what, amount]) =>
      `${what}: the helper needs ${amount}, ${inUse.get(what) ?? '0'} of ${have.get(
        what
      )} are in use`
  );
  const isMemory = needs.some(([what]) => what === 'limits.memory');
  return {
    reason: 'QuotaExceeded',
    message: `quota ${quota} of namespace ${namespace} has no room for the helper pod (${numbers.join(
      '; '
    )})`,
    hint: fits
      ? 'raise the quota; NKVM tries again, because room may become free'
      : `raise the quota: it is smaller than one helper pod${
          isMemory ? '; or set NKVM_HELPER_MEMORY_LIMIT to less' : ''
        }`,
    class: fits ? 'transient' : 'needs-action',
  };
}

/** Reads `limits.memory=512Mi,pods=1`. */
const amountsIn = (list: string): Map<string, string> =>
  new Map(
    list.split(',').map(pair => {
      const [what = '', amount = ''] = pair.split('=');
      return [what, amount];
    })
  );

const productOf = (webhook: string): string | undefined =>
  /kyverno/i.test(webhook) ? 'Kyverno' : /gatekeeper/i.test(webhook) ? 'Gatekeeper' : undefined;

const webhookText = (webhook: string): string => {
  const product = productOf(webhook);
  return product ? `${product} (webhook ${webhook})` : `admission webhook ${webhook}`;
};

function exemption(webhook: string): string {
  switch (productOf(webhook)) {
    case 'Kyverno':
      return `exempt pods with the label ${EXEMPT}, e.g. by a PolicyException for the policies in the message`;
    case 'Gatekeeper':
      return `exempt pods with the label ${EXEMPT}, in spec.match.labelSelector of the constraint in the message`;
    default:
      return `exempt pods with the label ${EXEMPT} in the rules of webhook ${webhook}`;
  }
}
