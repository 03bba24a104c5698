import { type ApiFailure, failureOf } from '../../cluster/gateway/apiFailure.ts';

/** For tests: the failure that the gateway throws when the API server answers with such a Status. */
export const apiAnswer = (status: number, message: string, reason = ''): ApiFailure =>
  failureOf({
    status,
    body: JSON.stringify({ kind: 'Status', status: 'Failure', reason, message }),
  });
