import { describe, expect, it } from 'vitest';
import { failureOf, failureOfTime } from '../../cluster/gateway/apiFailure.ts';
import { StageError } from '../../errors.ts';
import { claimRefusal } from './claimRefusal.ts';

const claim = { namespace: 'shop', name: 'orders-db' };
const answer = (status: number, reason: string, message: string) =>
  failureOf({
    status,
    body: JSON.stringify({ kind: 'Status', status: 'Failure', reason, message, code: status }),
  });
const forbidden = (why: string) =>
  answer(403, 'Forbidden', `persistentvolumeclaims "orders-db" is forbidden: ${why}`);

describe('why a claim is not made', () => {
  it.each<[string, unknown, string, RegExp, string]>([
    [
      'there is one',
      answer(409, 'AlreadyExists', 'persistentvolumeclaims "orders-db" already exists'),
      'ClaimExists',
      /claim shop\/orders-db exists already/,
      'needs-action',
    ],
    [
      'the namespace is not there',
      answer(404, 'NotFound', 'namespaces "shop" not found'),
      'NamespaceNotFound',
      /no namespace shop/,
      'needs-action',
    ],
    [
      'the namespace is on its way out',
      forbidden('unable to create new content in namespace shop because it is being terminated'),
      'NamespaceTerminating',
      /being deleted/,
      'needs-action',
    ],
    [
      'the quota is used up',
      forbidden(
        'exceeded quota: q, requested: requests.storage=5Gi, used: requests.storage=0, limited: requests.storage=2Gi'
      ),
      'QuotaExceeded',
      /quota of namespace shop: exceeded quota: q, requested: requests\.storage=5Gi/,
      'needs-action',
    ],
    [
      'a LimitRange is not kept',
      forbidden('maximum storage usage per PersistentVolumeClaim is 2Gi, but limit is 5Gi'),
      'LimitRangeBroken',
      /maximum storage usage/,
      'needs-action',
    ],
    [
      'the right is missing',
      forbidden(
        'User "system:serviceaccount:nkvm:nkvm-runner" cannot create resource "persistentvolumeclaims" in API group "" in the namespace "shop"'
      ),
      'RestoresNotAllowed',
      /NKVM may not restore into namespace shop/,
      'needs-action',
    ],
    [
      'a policy is against it, in words of a quota',
      answer(
        422,
        'Invalid',
        `persistentvolumeclaims "orders-db" is invalid: : ValidatingAdmissionPolicy 'sizes' with binding 'here' denied request: exceeded quota: 5Gi`
      ),
      'ClaimDenied',
      /^ValidatingAdmissionPolicy sizes does not admit claim shop\/orders-db: exceeded quota: 5Gi$/,
      'needs-action',
    ],
    [
      'a webhook does not answer',
      answer(
        500,
        'InternalError',
        'Internal error occurred: failed calling webhook "sizes.example": failed to call webhook: dial tcp: connection refused'
      ),
      'WebhookUnreachable',
      /^admission webhook sizes.example does not answer, so that claim shop\/orders-db cannot be created/,
      'transient',
    ],
    [
      'a webhook is against it',
      answer(400, 'BadRequest', 'admission webhook "sizes.example" denied the request: too big'),
      'ClaimDenied',
      /^admission webhook sizes.example does not admit claim shop\/orders-db: too big$/,
      'needs-action',
    ],
    [
      'a field is wrong',
      answer(
        422,
        'Invalid',
        'PersistentVolumeClaim "orders-db" is invalid: metadata.labels: Invalid value'
      ),
      'ClaimInvalid',
      /is not valid: .*metadata\.labels/,
      'needs-action',
    ],
    [
      'there was no answer',
      failureOfTime('POST', 10_000),
      'ApiUnreachable',
      /did not create claim shop\/orders-db/,
      'transient',
    ],
    ['something else broke', new Error('oops'), 'ClaimNotCreated', /oops/, 'unknown'],
  ])('%s', (_, error, reason, message, failureClass) => {
    expect(claimRefusal(claim, error)).toMatchObject({
      stage: 'create',
      reason,
      message: expect.stringMatching(message),
      hint: expect.stringMatching(/./),
      class: failureClass,
    });
  });

  it('is shown with the command that gives the right', () => {
    const { hint } = claimRefusal(
      claim,
      forbidden('User "u" cannot create resource "persistentvolumeclaims" in API group ""')
    );
    expect(hint).toBe(
      'allow it with: kubectl create rolebinding nkvm-restore -n shop --clusterrole nkvm-restore --serviceaccount nkvm:nkvm-runner'
    );
  });

  it('stays what it was when it is known already', () => {
    const known = new StageError('wait', 'X', 'm', 'h', 'unknown');
    expect(claimRefusal(claim, known)).toBe(known);
  });
});
