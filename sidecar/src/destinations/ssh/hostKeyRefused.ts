import type { Stage } from '../../../api/index.ts';
import { StageError } from '../../errors.ts';
import { HostKeyError } from '../kind.ts';
import type { HostKeyVerdict, ShownKey } from './knownHosts.ts';
import { fingerprintOf, knownHostsLine, typeOf } from './knownHosts.ts';

/** @returns the refusal to go on with a server that was not taken for the one that the Secret means. */
export function hostKeyRefused(
  verdict: Exclude<HostKeyVerdict, 'known'>,
  shown: ShownKey,
  { stage, place }: { stage: Stage; place: string }
): HostKeyError {
  const fingerprint = fingerprintOf(shown.key);
  const knownHosts = knownHostsLine(shown);
  const key = `${typeOf(shown.key)} ${fingerprint}`;
  const of = `destination ${place}: host key`;
  const {
    reason,
    message,
    hint,
    class: failureClass,
  } = {
    unknown: () =>
      new StageError(
        stage,
        'HostKeyUnknown',
        `${of} ${key} of the server is not known`,
        `compare it with "ssh-keygen -lf /etc/ssh/ssh_host_…_key.pub" on the server; if it is the same, add this line to the key knownHosts of the Secret: ${knownHosts}`,
        'needs-action'
      ),
    changed: () =>
      new StageError(
        stage,
        'HostKeyChanged',
        `${of} of the server has changed: it is ${key} now, which is not in knownHosts. Nothing was sent`,
        `check whether another machine claims to be the server; if the server was set up again, replace its line in knownHosts by this one: ${knownHosts}`,
        'needs-action'
      ),
    revoked: () =>
      new StageError(
        stage,
        'HostKeyRevoked',
        `${of} ${key} of the server is revoked by a line of knownHosts. Nothing was sent`,
        'give the server a new host key, and put its line into knownHosts',
        'needs-action'
      ),
  }[verdict]();
  return new HostKeyError({ fingerprint, knownHosts }, stage, reason, message, hint, failureClass);
}
