import type { Stage } from '../../../api/index.ts';
import { allowRestoresCommand, namespaceOfNkvm } from '../../../api/index.ts';
import { ApiFailure, isMissingRight } from '../../cluster/gateway/apiFailure.ts';
import { denialOf } from '../../cluster/gateway/denial.ts';
import type { FailureClass } from '../../errors.ts';
import { StageError, textOf } from '../../errors.ts';

/** The claim that could not be made. */
interface Refused {
  namespace: string;
  name: string;
}

/**
 * Why the API server does not make a claim, in words that a person can act on; its own sentence is part of them.
 *
 * | the API server says | reason |
 * | --- | --- |
 * | there is one of that name | `ClaimExists` |
 * | the namespace is not there, or on its way out | `NamespaceNotFound`, `NamespaceTerminating` |
 * | a ResourceQuota is used up, a LimitRange is not kept | `QuotaExceeded`, `LimitRangeBroken` |
 * | the runner lacks the right | `RestoresNotAllowed` |
 * | a webhook or a policy is against it | `ClaimDenied` |
 * | a field is wrong | `ClaimInvalid` |
 * | nothing, or something else | `ApiUnreachable`, `ClaimNotCreated` |
 */
export function claimRefusal(claim: Refused, error: unknown, stage: Stage = 'create'): StageError {
  if (error instanceof StageError) return error;
  const { reason, message, hint, failureClass } = meaningOf(claim, error);
  return new StageError(stage, reason, message, hint, failureClass, { cause: error });
}

interface Meaning {
  reason: string;
  message: string;
  hint: string;
  failureClass: FailureClass;
}

function meaningOf({ namespace, name }: Refused, error: unknown): Meaning {
  const says = textOf(error);
  const claim = `claim ${namespace}/${name}`;
  const refuse = (reason: string, message: string, hint: string): Meaning => ({
    ...{ reason, message, hint },
    failureClass: 'needs-action',
  });
  if (!(error instanceof ApiFailure)) {
    return {
      ...refuse('ClaimNotCreated', `${claim} could not be created: ${says}`, 'see the log of NKVM'),
      failureClass: 'unknown',
    };
  }
  if (error.reason === 'AlreadyExists') return { ...exists(namespace, name) };
  const denial = denialOf(says);
  if (denial?.by === 'webhookDown') {
    return {
      reason: 'WebhookUnreachable',
      message: `${denial.who} does not answer, so that ${claim} cannot be created: ${denial.why}`,
      hint: `check the service behind webhook ${denial.webhook}; NKVM tries again`,
      failureClass: 'transient',
    };
  }
  if (denial) {
    const where = denial.binding ? `, or in its binding ${denial.binding}` : '';
    return {
      ...refuse(
        'ClaimDenied',
        `${denial.who} does not admit ${claim}: ${denial.why}`,
        `exempt claims that system:serviceaccount:${namespaceOfNkvm()}:nkvm-runner creates from that rule${where}, or choose a size, class or name that it admits`
      ),
      failureClass: error.class,
    };
  }
  if (/because it is being terminated/.test(says)) return { ...terminating(namespace) };
  if (error.kind === 'notFound') return { ...noNamespace(namespace) };
  if (/exceeded quota:/.test(says)) {
    return refuse(
      'QuotaExceeded',
      `${claim} does not fit into the quota of namespace ${namespace}: ${says.replace(
        /^.*?(?=exceeded quota)/,
        ''
      )}`,
      'choose a smaller size or another class, raise the quota, or delete claims that are not needed'
    );
  }
  if (/storage usage per PersistentVolumeClaim/.test(says)) {
    return refuse(
      'LimitRangeBroken',
      `${claim} violates the LimitRange of namespace ${namespace}: ${says}`,
      'choose a size that it allows'
    );
  }
  if (isMissingRight(error)) return { ...notAllowed(namespace, says) };
  if (error.kind === 'refused') {
    return {
      ...refuse('ClaimDenied', `${claim} is not admitted: ${says}`, 'ask the owner of that policy'),
      failureClass: error.class,
    };
  }
  if (error.kind === 'invalid' || error.kind === 'conflict') {
    return refuse(
      'ClaimInvalid',
      `${claim} is not valid: ${says}`,
      'correct the fields that it names'
    );
  }
  return {
    reason: 'ApiUnreachable',
    message: `the API server did not create ${claim}: ${says}`,
    hint: 'nothing to do: NKVM tries again when the API server answers',
    failureClass: error.class,
  };
}

const exists = (namespace: string, name: string): Meaning => ({
  reason: 'ClaimExists',
  message: `claim ${namespace}/${name} exists already`,
  hint: 'choose another name, or restore into that claim with mode empty, overwrite or mirror',
  failureClass: 'needs-action',
});

const terminating = (namespace: string): Meaning => ({
  reason: 'NamespaceTerminating',
  message: `namespace ${namespace} is being deleted: nothing can be created in it`,
  hint: 'wait until it is deleted and create it again, or restore into another namespace',
  failureClass: 'needs-action',
});

const noNamespace = (namespace: string): Meaning => ({
  reason: 'NamespaceNotFound',
  message: `there is no namespace ${namespace}`,
  hint: `create it with: kubectl create namespace ${namespace}`,
  failureClass: 'needs-action',
});

const notAllowed = (namespace: string, why: string): Meaning => ({
  reason: 'RestoresNotAllowed',
  message: `NKVM may not restore into namespace ${namespace}: ${why}`,
  hint: `allow it with: ${allowRestoresCommand(namespace)}`,
  failureClass: 'needs-action',
});

const errorOf = ({ reason, message, hint, failureClass }: Meaning): StageError =>
  new StageError('queue', reason, message, hint, failureClass);

/** The same, where it is known before anything is asked of the API server. */
export const claimExists = (namespace: string, name: string) => errorOf(exists(namespace, name));
export const namespaceTerminating = (namespace: string) => errorOf(terminating(namespace));
export const namespaceNotFound = (namespace: string) => errorOf(noNamespace(namespace));
export const restoresNotAllowed = (namespace: string, why: string) =>
  errorOf(notAllowed(namespace, why));
