/** The component that refused a request at admission, and its message. */
export interface Denial {
  /** `webhookDown`: the rule could not be asked. */
  by: 'policy' | 'webhook' | 'webhookDown' | 'scc';
  /** For people, e.g. `Kyverno policy no-root (webhook validate.kyverno.svc-fail)`. */
  who: string;
  why: string;
  /** Of a webhook. */
  webhook?: string;
  product?: string;
  /** Of an admission policy. */
  binding?: string;
}

/**
 * Reads who refused a request from the API server's sentence. The status says nothing: a webhook chooses it (400 and 403 are
 * common), and so does a policy (422 is the default).
 * @param sentence in one line
 * @returns undefined where no rule of the cluster is named.
 */
export function denialOf(sentence: string): Denial | undefined {
  const scc = /unable to validate against any security context constraint: (.*)/.exec(sentence);
  if (scc) return { by: 'scc', who: 'SecurityContextConstraints', why: scc[1] ?? '' };

  const policy =
    /((?:Validating|Mutating)AdmissionPolicy) '([^']+)'(?: with binding '([^']+)')? denied request:? ?(.*)/.exec(
      sentence
    );
  if (policy) {
    const [, kind, name, binding, why] = policy;
    return {
      by: 'policy',
      who: `${kind} ${name}`,
      why: why || 'no explanation',
      ...(binding === undefined ? {} : { binding }),
    };
  }

  const down = /failed (?:calling|to call) webhook "([^"]+)": (.*)/.exec(sentence);
  if (down) {
    const [, webhook = '', why = ''] = down;
    return { by: 'webhookDown', who: webhookText(webhook), why, ...productIn(webhook), webhook };
  }

  const denied = /admission webhook "([^"]+)" denied the request:? ?(.*)/.exec(sentence);
  if (!denied) return undefined;
  const [, webhook = '', why = ''] = denied;
  const who = webhookText(webhook, policyIn(why));
  return { by: 'webhook', who, why: why || 'no explanation', ...productIn(webhook), webhook };
}

/** Products by the names of their webhooks. */
const PRODUCTS: [RegExp, string][] = [
  [/kyverno/i, 'Kyverno'],
  [/gatekeeper/i, 'Gatekeeper'],
  [/kubewarden/i, 'Kubewarden'],
  [/openpolicyagent/i, 'Open Policy Agent'],
  [/sigstore|cosign/i, 'Sigstore policy controller'],
  [/connaisseur/i, 'Connaisseur'],
  [/^warden.*gke/i, 'GKE Warden'],
  [/azure-policy/i, 'Azure Policy'],
];

const productIn = (webhook: string): { product?: string } => {
  const product = PRODUCTS.find(([pattern]) => pattern.test(webhook))?.[1];
  return product === undefined ? {} : { product };
};

/** Kyverno writes `… due to the following policies NAME: …`, Gatekeeper `[NAME] …`. */
const policyIn = (why: string): string | undefined =>
  /due to the following policies ([^\s:]+):/.exec(why)?.[1] ?? /^\[([^\]\s]+)\] /.exec(why)?.[1];

function webhookText(webhook: string, policy?: string): string {
  const { product } = productIn(webhook);
  if (product === undefined) return `admission webhook ${webhook}`;
  const rule =
    policy === undefined ? '' : ` ${product === 'Gatekeeper' ? 'constraint' : 'policy'} ${policy}`;
  return `${product}${rule} (webhook ${webhook})`;
}
