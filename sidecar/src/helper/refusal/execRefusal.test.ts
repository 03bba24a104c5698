import { describe, expect, it } from 'vitest';
import { failureOfConnection } from '../../cluster/gateway/apiFailure.ts';
import { apiAnswer } from '../../testing/cluster/apiAnswer.ts';
import { execRefusalOf } from './execRefusal.ts';

const said = (status: number, reason: string, message: string) =>
  apiAnswer(status, message, reason);

/** Sentences as the API server, Kyverno and OpenShift write them. */
const CASES: [string, Error, string, string, RegExp, RegExp][] = [
  [
    'a missing right',
    said(
      403,
      'Forbidden',
      'pods "nkvm-backup-1-1" is forbidden: User "system:serviceaccount:nkvm:nkvm-runner" cannot create resource "pods/exec" in API group "" in the namespace "shop"'
    ),
    'ExecRefused',
    'needs-action',
    /^the API server does not let NKVM start commands in helper pods of namespace shop: .* cannot create/,
    /^grant the right to create pods\/exec with: kubectl create rolebinding nkvm-runtime -n shop/,
  ],
  [
    'a ValidatingAdmissionPolicy',
    said(
      403,
      'Forbidden',
      "pods \"nkvm-backup-1-1\" is forbidden: ValidatingAdmissionPolicy 'no-exec' with binding 'no-exec-here' denied request: nobody may exec here"
    ),
    'AdmissionPolicy',
    'needs-action',
    /^ValidatingAdmissionPolicy no-exec does not admit commands in helper pods of namespace shop: nobody may exec here$/,
    /^exempt requests of system:serviceaccount:nkvm:nkvm-runner, or pods named nkvm-backup-\* .* binding no-exec-here: .* CONNECT on pods\/exec$/,
  ],
  [
    'Kyverno',
    said(
      400,
      'BadRequest',
      'admission webhook "validate.kyverno.svc-fail" denied the request: \n\nresource PodExecOptions/shop/ was blocked due to the following policies\n\ndeny-exec-by-namespace-label:\n  deny-exec-by-ns-label: Executing a command in a container is forbidden\n'
    ),
    'WebhookDenied',
    'needs-action',
    /^Kyverno policy deny-exec-by-namespace-label \(webhook validate.kyverno.svc-fail\) does not admit commands/,
    /in the rules of Kyverno for CONNECT on pods\/exec/,
  ],
  [
    'SecurityContextConstraints that the caller may not use',
    said(
      403,
      'Forbidden',
      'pods "nkvm-backup-1-1" is forbidden: exec operation is not allowed because the pod\'s security context exceeds your permissions: pods "nkvm-backup-1-1" is forbidden: unable to validate against any security context constraint: [provider "anyuid": Forbidden: not usable by user or serviceaccount]'
    ),
    'SecurityContextConstraints',
    'needs-action',
    /^SecurityContextConstraints do not let NKVM start commands .*provider "anyuid"/,
    /^let ServiceAccount nkvm-runner of namespace nkvm use/,
  ],
  [
    'a webhook that does not answer',
    said(
      500,
      'InternalError',
      'Internal error occurred: failed calling webhook "exec.guard.example.com": failed to call webhook: Post "https://guard.guard.svc:443/?timeout=10s": context deadline exceeded'
    ),
    'WebhookUnreachable',
    'transient',
    /^admission webhook exec.guard.example.com does not answer, so that no command can be started in namespace shop/,
    /check the service behind webhook exec.guard.example.com/,
  ],
  [
    'a rule that is not known',
    said(403, 'Forbidden', 'cannot exec into or attach to a container using host pid'),
    'ExecRefused',
    'needs-action',
    /^the cluster does not admit commands in helper pods of namespace shop: cannot exec into/,
    /^find the rule by its text, and exempt requests of/,
  ],
  [
    'a kubelet that does not answer',
    said(500, '', 'error dialing backend: dial tcp 10.0.0.5:10250: connect: connection refused'),
    'ExecRefused',
    'transient',
    /^error dialing backend/,
    /kubelet of the helper’s node/,
  ],
  [
    'an API server that does not answer',
    failureOfConnection('10.0.0.1:443', Object.assign(new Error('x'), { code: 'ECONNRESET' })),
    'ExecRefused',
    'transient',
    /cannot be reached/,
    /kubelet/,
  ],
];

describe('a command that does not start', () => {
  it.each(CASES)('because of %s', (_, error, reason, failureClass, message, hint) => {
    expect(execRefusalOf('shop', error)).toMatchObject({
      stage: 'exec',
      reason,
      class: failureClass,
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
      cause: error,
    });
  });

  it('sends people to the RoleBinding only when the right is missing', () => {
    const sent = CASES.filter(([, error]) => /rolebinding/.test(execRefusalOf('shop', error).hint));
    expect(sent.map(([name]) => name)).toEqual(['a missing right']);
  });
});
