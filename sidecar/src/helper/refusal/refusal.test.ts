import { describe, expect, it } from 'vitest';
import { failureOfConnection } from '../../cluster/gateway/apiFailure.ts';
import { apiAnswer } from '../../testing/cluster/apiAnswer.ts';
import { isAboutResources, refusalOf } from './refusal.ts';

/** An answer of the API server. */
const said = (status: number, reason: string, message: string) =>
  apiAnswer(status, message, reason);
const forbidden = (why: string) =>
  said(403, 'Forbidden', `pods "nkvm-backup-1-1" is forbidden: ${why}`);
const errno = (code: string, message = `connect ${code} 10.0.0.1:443`) =>
  failureOfConnection('10.0.0.1:443', Object.assign(new Error(message), { code }));

/** Sentences as the API server, its plugins, Kyverno, Gatekeeper and OpenShift write them. */
const CASES: [string, Error, string, string, RegExp, RegExp][] = [
  [
    'a missing right',
    said(
      403,
      'Forbidden',
      'pods is forbidden: User "system:serviceaccount:nkvm:nkvm-runner" cannot create resource "pods" in API group "" in the namespace "shop"'
    ),
    'NamespaceNotOpen',
    'needs-action',
    /^backups are not allowed in namespace shop: pods is forbidden/,
    /^allow them with: kubectl create rolebinding nkvm-runtime -n shop/,
  ],
  [
    'a quota that is used up',
    forbidden(
      'exceeded quota: compute, requested: limits.memory=512Mi, used: limits.memory=800Mi, limited: limits.memory=1Gi'
    ),
    'QuotaExceeded',
    'transient',
    /^quota compute of namespace shop has no room for the helper pod \(limits.memory: the helper needs 512Mi, 800Mi of 1Gi are in use\)$/,
    /raise the quota; NKVM tries again/,
  ],
  [
    'a quota that is smaller than a helper',
    forbidden(
      'exceeded quota: tiny, requested: limits.memory=512Mi,pods=1, used: limits.memory=0,pods=3, limited: limits.memory=256Mi,pods=3'
    ),
    'QuotaExceeded',
    'needs-action',
    /limits.memory: the helper needs 512Mi, 0 of 256Mi are in use; pods: the helper needs 1, 3 of 3/,
    /smaller than one helper pod; or set NKVM_HELPER_MEMORY_LIMIT/,
  ],
  [
    'a quota on CPU limits (Kubernetes 1.26 and later)',
    forbidden(
      'failed quota: compute: must specify limits.cpu for: helper; limits.memory for: helper'
    ),
    'QuotaNeedsLimits',
    'needs-action',
    /^quota compute of namespace shop demands limits.cpu, limits.memory, which helper pods do not set$/,
    /^set NKVM_HELPER_CPU_LIMIT and NKVM_HELPER_MEMORY_LIMIT, or create a LimitRange in namespace shop .* limits.cpu/,
  ],
  [
    'a quota on CPU limits (before)',
    forbidden('failed quota: compute: must specify limits.cpu,requests.cpu'),
    'QuotaNeedsLimits',
    'needs-action',
    /demands limits.cpu, requests.cpu, which/,
    /LimitRange/,
  ],
  [
    'a quota that has no numbers yet',
    forbidden('status unknown for quota: compute, resources: limits.memory,pods'),
    'QuotaUnknown',
    'transient',
    /quota compute of namespace shop is not in force yet/,
    /nothing to do/,
  ],
  [
    'a quota for another priority',
    forbidden('insufficient quota to match these scopes: [{PriorityClass In [high]}]'),
    'QuotaExceeded',
    'needs-action',
    /PriorityClass In \[high\]/,
    /create a ResourceQuota/,
  ],
  [
    'a LimitRange with a maximum',
    forbidden('maximum memory usage per Container is 256Mi, but limit is 512Mi'),
    'LimitRange',
    'needs-action',
    /a LimitRange of namespace shop does not admit the helper pod: maximum memory/,
    /NKVM_HELPER_MEMORY_LIMIT/,
  ],
  [
    'a LimitRange with a minimum and a ratio',
    forbidden(
      '[minimum cpu usage per Container is 100m, but request is 50m, cpu max limit to request ratio per Container is 4, but provided ratio is 20.000000]'
    ),
    'LimitRange',
    'needs-action',
    /minimum cpu usage per Container is 100m, but request is 50m/,
    /change the LimitRange of namespace shop/,
  ],
  [
    'Pod Security',
    forbidden(
      'violates PodSecurity "restricted:latest": unrestricted capabilities (container "helper" must not include "DAC_OVERRIDE" in securityContext.capabilities.add), runAsNonRoot != true'
    ),
    'PodSecurity',
    'needs-action',
    /its Pod Security level is restricted:latest \(unrestricted capabilities/,
    /namespace shop pod-security.kubernetes.io\/enforce=baseline/,
  ],
  [
    'SecurityContextConstraints',
    forbidden(
      'unable to validate against any security context constraint: [provider "anyuid": Forbidden: not usable by user or serviceaccount, provider restricted-v2: .containers[0].runAsUser: Invalid value: 0: must be in the ranges: [1000680000, 1000689999]]'
    ),
    'SecurityContextConstraints',
    'needs-action',
    /no SecurityContextConstraints admit the helper pod in namespace shop/,
    /nkvm-runner of namespace nkvm .* DAC_OVERRIDE/,
  ],
  [
    'a ValidatingAdmissionPolicy',
    said(
      422,
      'Invalid',
      `pods "nkvm-backup-1-1" is forbidden: ValidatingAdmissionPolicy 'no-root' with binding 'no-root-everywhere' denied request: failed expression: !object.spec.containers.exists(c, c.securityContext.runAsUser == 0)`
    ),
    'AdmissionPolicy',
    'needs-action',
    /^ValidatingAdmissionPolicy no-root does not admit the helper pod in namespace shop: failed expression/,
    /binding no-root-everywhere/,
  ],
  [
    'Kyverno',
    said(
      400,
      'BadRequest',
      'admission webhook "validate.kyverno.svc-fail" denied the request: \n\nresource Pod/shop/nkvm-backup-1-1 was blocked due to the following policies \n\ndisallow-capabilities:\n  adding-capabilities: Any capabilities added are disallowed.\n'
    ),
    'WebhookDenied',
    'needs-action',
    /^Kyverno policy disallow-capabilities \(webhook validate.kyverno.svc-fail\) does not admit .* disallow-capabilities: adding-capabilities/,
    /PolicyException/,
  ],
  [
    'Gatekeeper',
    said(
      403,
      'Forbidden',
      'admission webhook "validation.gatekeeper.sh" denied the request: [psp-users] Container helper is attempting to run as disallowed user 0'
    ),
    'WebhookDenied',
    'needs-action',
    /^Gatekeeper constraint psp-users \(webhook validation.gatekeeper.sh\) .* \[psp-users\] Container helper/,
    /spec.match.labelSelector/,
  ],
  [
    'a webhook of another make, without a word',
    said(400, '', 'admission webhook "guard.example.com" denied the request without explanation'),
    'WebhookDenied',
    'needs-action',
    /^admission webhook guard.example.com does not admit .*: without explanation$/,
    /in the rules of webhook guard.example.com/,
  ],
  [
    'a webhook that cannot be called',
    said(
      500,
      'InternalError',
      'Internal error occurred: failed calling webhook "validate.kyverno.svc-fail": failed to call webhook: Post "https://kyverno-svc.kyverno.svc:443/validate/fail?timeout=10s": dial tcp 10.96.24.5:443: connect: connection refused'
    ),
    'WebhookUnreachable',
    'transient',
    /^Kyverno \(webhook validate.kyverno.svc-fail\) does not answer/,
    /check the service behind/,
  ],
  [
    'an image policy',
    forbidden('image policy webhook backend denied one or more images: not signed'),
    'ImageDenied',
    'needs-action',
    /not signed/,
    /NKVM_HELPER_IMAGE/,
  ],
  [
    'a namespace that is being deleted',
    forbidden('unable to create new content in namespace shop because it is being terminated'),
    'NamespaceTerminating',
    'needs-action',
    /namespace shop is being deleted/,
    /nothing to do/,
  ],
  [
    'a namespace that is gone',
    said(404, 'NotFound', 'namespaces "shop" not found'),
    'NamespaceGone',
    'needs-action',
    /does not exist/,
    /nothing to do/,
  ],
  [
    'a new namespace',
    forbidden('error looking up service account shop/default: serviceaccount "default" not found'),
    'ServiceAccountMissing',
    'transient',
    /ServiceAccount shop\/default does not exist yet/,
    /nothing to do/,
  ],
  [
    'a default limit below the request',
    said(
      422,
      'Invalid',
      'Pod "nkvm-backup-1-1" is invalid: spec.containers[0].resources.requests: Invalid value: "50m": must be less than or equal to cpu limit of 20m'
    ),
    'HelperInvalid',
    'needs-action',
    /must be less than or equal to cpu limit of 20m/,
    /the defaults of a LimitRange/,
  ],
  [
    'a LimitRange with a ratio',
    forbidden(
      'memory max limit to request ratio per Container is 4, but provided ratio is 8.000000'
    ),
    'LimitRange',
    'needs-action',
    /^a LimitRange of namespace shop does not admit the helper pod: memory max limit to request ratio per Container is 4/,
    /^set NKVM_HELPER_MEMORY_LIMIT and NKVM_HELPER_MEMORY_REQUEST to what it allows/,
  ],
  [
    'a LimitRange that demands a limit',
    forbidden('maximum cpu usage per Pod is 1.  No limit is specified'),
    'LimitRange',
    'needs-action',
    /maximum cpu usage per Pod is 1\. No limit is specified/,
    /^set NKVM_HELPER_CPU_LIMIT to what it allows/,
  ],
  [
    'a LimitRange on local storage',
    forbidden('maximum ephemeral-storage usage per Container is 100Mi, but limit is 320Mi'),
    'LimitRange',
    'needs-action',
    /ephemeral-storage usage per Container is 100Mi/,
    /^change the LimitRange of namespace shop/,
  ],
  [
    'a quota on CPU that is too small',
    forbidden(
      'exceeded quota: tiny, requested: limits.cpu=1,requests.cpu=50m, used: limits.cpu=0,requests.cpu=0, limited: limits.cpu=500m,requests.cpu=10m'
    ),
    'QuotaExceeded',
    'needs-action',
    /limits.cpu: the helper needs 1, 0 of 500m are in use; requests.cpu: the helper needs 50m, 0 of 10m/,
    /or set NKVM_HELPER_CPU_LIMIT and NKVM_HELPER_CPU_REQUEST to less/,
  ],
  [
    'a ValidatingAdmissionPolicy that answers 403',
    forbidden(
      'ValidatingAdmissionPolicy \'no-root\' with binding \'no-root-everywhere\' denied request: User "system:serviceaccount:nkvm:nkvm-runner" cannot create resource "pods" as root'
    ),
    'AdmissionPolicy',
    'needs-action',
    /^ValidatingAdmissionPolicy no-root does not admit the helper pod in namespace shop: User/,
    /app.kubernetes.io\/component=backup-helper in the policy, or in its binding no-root-everywhere; or give .* NKVM_HELPER_LABELS/,
  ],
  [
    'a ValidatingAdmissionPolicy that answers 422',
    said(
      422,
      'Invalid',
      "pods \"nkvm-backup-1-1\" is invalid: : ValidatingAdmissionPolicy 'no-root' with binding 'no-root-everywhere' denied request: no pods here"
    ),
    'AdmissionPolicy',
    'needs-action',
    /^ValidatingAdmissionPolicy no-root .*: no pods here$/,
    /its binding no-root-everywhere/,
  ],
  ...[400, 403, 406, 409, 422, 429].map((status): (typeof CASES)[number] => [
    `a webhook that answers ${status}`,
    said(
      status,
      '',
      'admission webhook "guard.example.com" denied the request: exceeded quota: no'
    ),
    'WebhookDenied',
    'needs-action',
    /^admission webhook guard.example.com does not admit .*: exceeded quota: no$/,
    /in the rules of webhook guard.example.com; or give helper pods what it demands/,
  ]),
  [
    'Kubewarden',
    said(
      400,
      '',
      'admission webhook "clusterwide-privileged-pods.kubewarden.admission" denied the request: Privileged container is not allowed'
    ),
    'WebhookDenied',
    'needs-action',
    /^Kubewarden \(webhook clusterwide-privileged-pods.kubewarden.admission\)/,
    /app.kubernetes.io\/component=backup-helper/,
  ],
  [
    'a policy for signed images',
    said(
      400,
      'BadRequest',
      'admission webhook "policy.sigstore.dev" denied the request: validation failed: failed policy: images: spec.containers[0].image no matching signatures'
    ),
    'WebhookDenied',
    'needs-action',
    /^Sigstore policy controller \(webhook policy.sigstore.dev\)/,
    /^sign the image, or set NKVM_HELPER_IMAGE/,
  ],
  [
    'a PriorityClass that is not there',
    forbidden('no PriorityClass with name low was found'),
    'PriorityClassMissing',
    'needs-action',
    /no PriorityClass low/,
    /NKVM_HELPER_PRIORITY_CLASS/,
  ],
  [
    'a ServiceAccount that is set and not there',
    forbidden('error looking up service account shop/backup: serviceaccount "backup" not found'),
    'ServiceAccountMissing',
    'needs-action',
    /ServiceAccount shop\/backup/,
    /create it in namespace shop, or change NKVM_HELPER_SERVICE_ACCOUNT/,
  ],
  [
    'a node selector of the namespace',
    forbidden('pod node label selector conflicts with its namespace node label selector'),
    'HelperRefused',
    'needs-action',
    /does not admit the helper pod in namespace shop: pod node label selector conflicts/,
    /^change NKVM_HELPER_NODE_SELECTOR so that it fits/,
  ],
  [
    'tolerations that the namespace does not allow',
    forbidden(
      'pod tolerations (possibly merged with namespace default tolerations) conflict with its namespace whitelist'
    ),
    'HelperRefused',
    'needs-action',
    /pod tolerations/,
    /^change NKVM_HELPER_TOLERATIONS/,
  ],
  [
    'an admission plugin that is not known',
    forbidden('pods with persistent volumes are not welcome here'),
    'HelperRefused',
    'needs-action',
    /an admission rule of the cluster does not admit the helper pod in namespace shop: .*not welcome/,
    /app.kubernetes.io\/component=backup-helper/,
  ],
  [
    'a pod that is not valid',
    said(
      422,
      'Invalid',
      'Pod "nkvm-backup-1-1" is invalid: spec.containers[0].resources.requests: Invalid value: "64Mi": must be less than or equal to memory limit of 32Mi'
    ),
    'HelperInvalid',
    'needs-action',
    /as invalid: Pod "nkvm-backup-1-1" is invalid: spec.containers\[0\]/,
    /NKVM_HELPER_/,
  ],
  [
    'a pod of this name',
    said(409, 'AlreadyExists', 'pods "nkvm-backup-1-1" already exists'),
    'HelperExists',
    'transient',
    /already exists/,
    /tries again/,
  ],
  [
    'credentials that are not valid',
    said(401, 'Unauthorized', 'Unauthorized'),
    'CredentialsRefused',
    'needs-action',
    /does not accept the credentials/,
    /nkvm-runner/,
  ],
  [
    'etcd that does not answer',
    said(500, 'InternalError', 'etcdserver: request timed out'),
    'ApiBusy',
    'transient',
    /namespace shop: etcdserver: request timed out/,
    /tries again/,
  ],
  [
    'too many requests',
    said(429, 'TooManyRequests', 'Too many requests, please try again later.'),
    'ApiBusy',
    'transient',
    /Too many requests/,
    /tries again/,
  ],
  [
    'no answer',
    errno('ECONNREFUSED'),
    'ApiUnreachable',
    'transient',
    /ECONNREFUSED/,
    /tries again/,
  ],
  [
    'a certificate that has expired',
    errno('CERT_HAS_EXPIRED', 'certificate has expired'),
    'ApiUnreachable',
    'needs-action',
    /certificate has expired/,
    /check the certificate/,
  ],
  [
    'a fault of ours',
    new TypeError('x is undefined'),
    'Unexpected',
    'unknown',
    /x is undefined/,
    /log/,
  ],
];

describe('a helper pod that is not created', () => {
  it.each(CASES)('because of %s', (_, error, reason, failureClass, message, hint) => {
    expect(refusalOf('shop', error)).toMatchObject({
      stage: 'create',
      reason,
      class: failureClass,
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
      cause: error,
    });
  });

  it('sends people to the RoleBinding only when a right is missing', () => {
    const sent = CASES.filter(([, error]) => /rolebinding/.test(refusalOf('shop', error).hint));
    expect(sent.map(([name]) => name)).toEqual(['a missing right']);
  });

  it('has the numbers of what does not fit', () => {
    const [, error] = CASES.find(([name]) => name === 'a LimitRange with a maximum') ?? [];
    expect(
      refusalOf('shop', error, ['a helper pod needs a memory limit of at least 128Mi']).message
    ).toMatch(/but limit is 512Mi; a helper pod needs a memory limit of at least 128Mi$/);
  });

  it('keeps what was said before', () => {
    const said = refusalOf('shop', forbidden('exceeded quota: no'));
    expect(refusalOf('shop', said)).toBe(said);
  });

  it('may be admitted with other resources only where it is about resources', () => {
    const about = CASES.filter(([, error]) => isAboutResources(error)).map(
      ([, , reason]) => reason
    );
    expect([...new Set(about)].sort()).toEqual([
      'HelperInvalid',
      'LimitRange',
      'QuotaExceeded',
      'QuotaNeedsLimits',
    ]);
  });

  it('says all of it in one line', () => {
    for (const [, error] of CASES) expect(refusalOf('shop', error).message).not.toMatch(/\n/);
  });
});
