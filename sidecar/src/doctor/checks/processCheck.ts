import type { DoctorFinding } from '../../../api/index.ts';
import { fine, warns } from '../finding.ts';
import type { Readiness } from '../world.ts';

/** @param readiness undefined: the API has not started yet */
export function checkProcess(
  readiness: Readiness | undefined,
  waitsFor: string,
  namespace: string
): DoctorFinding[] {
  const log = `kubectl logs -n ${namespace} deploy/nkvm`;
  if (!readiness)
    return [warns(waitsFor, 'wait; if this lasts, see the log and the other checks', log)];
  const says = readiness.says.map(sentence =>
    warns(sentence, 'see the other checks, and docs/operations', log)
  );
  return readiness.isReady ? [fine('NKVM is ready'), ...says] : says;
}
