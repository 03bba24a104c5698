import type { Backup } from '../../api/index.ts';
import { visible } from '../../api/visible.ts';
import { StageError } from '../errors.ts';
import type { Helper } from '../helper/helper.ts';
import type { LeaveOut } from '../helper/leaveOut.ts';
import { EXCLUDE_ANNOTATION } from '../helper/leaveOut.ts';
import { MOST_UNREADABLE } from '../helper/pack/packCommand.ts';
import { findUnreadable } from '../helper/pack/unreadable.ts';
import type { ReadsAsUser } from '../helper/settings/readsAs.ts';
import { allowRootCommand } from '../helper/settings/readsAs.ts';
import type { Attempt } from './attempt.ts';

/** Names that the record of a run keeps. */
const MOST_NAMED = 20;

/**
 * Ends an attempt before anything is packed, where a helper that is not root cannot read all of the volume. Its record then names
 * entries, for those who may see names of files.
 * @throws StageError (stage `exec`, reason `NotReadable`)
 */
export async function checkReadable(
  attempt: Attempt,
  helper: Helper,
  leaveOut: LeaveOut
): Promise<void> {
  const { run, clock, signal, reads } = attempt;
  if (!reads) return;
  const onWorking = (): void => clock.goesOn();
  const names = await findUnreadable(helper, leaveOut, { signal, onWorking });
  if (names.length === 0) return;
  const user = reads.ids.runAsUser;
  attempt.unreadable = {
    count: names.length,
    messages: names
      .slice(0, MOST_NAMED)
      .map(name => `nkvm: ${visible(name)}: cannot be read as user ${user}`),
  };
  throw notReadable(run, names.length, reads);
}

function notReadable(
  { namespace, name }: Backup,
  count: number,
  { because, ids: { runAsUser: user } }: ReadsAsUser
): StageError {
  const entries =
    count === MOST_UNREADABLE
      ? `at least ${count} entries`
      : count === 1
      ? 'an entry'
      : `${count} entries`;
  const why = {
    setting: 'NKVM_HELPER_RUN_AS_USER',
    pods: `namespace ${namespace} admits no helper pod that runs as root, and the volume’s pods run as that user`,
    unknown: `namespace ${namespace} admits no helper pod that runs as root, and no pod of the volume says which user it runs as`,
  }[because];
  const makeReadable = `make them readable, or leave them out with the annotation ${EXCLUDE_ANNOTATION}; the messages of the run name them`;
  return new StageError(
    'exec',
    'NotReadable',
    `${entries} of claim ${namespace}/${name} cannot be read as user ${user} (${why}): nothing was packed`,
    because === 'setting'
      ? makeReadable
      : `let the helper pod run as root: ${allowRootCommand(namespace)}; or ${makeReadable}`,
    'needs-action'
  );
}
