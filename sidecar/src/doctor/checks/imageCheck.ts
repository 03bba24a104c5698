import type { DoctorFinding } from '../../../api/index.ts';
import type { History } from '../../history/history.ts';
import { fails, fine, warns } from '../finding.ts';

/** How many of the newest backups are looked at. */
const LOOKED_AT = 50;

/** Nothing is pulled: the newest backups say whether the image could be. */
export function checkImage(image: string, history: Pick<History, 'list'>): DoctorFinding[] {
  const { backups } = history.list({ limit: LOOKED_AT });
  const used = backups.filter(({ helper }) => helper?.image === image);
  const decided = used.find(
    ({ status, reason }) => status === 'success' || reason === 'ImageNotPulled'
  );
  if (!decided)
    return [
      warns(
        `helper pods use ${image}, which none of the newest backups has used`,
        'back up one volume: it shows whether the nodes can pull the image'
      ),
    ];
  const when = decided.endedAt ?? decided.createdAt;
  return [
    decided.status === 'success'
      ? fine(`helper pods use ${image}; a backup that ended ${when} has used it`)
      : fails(
          `helper pods use ${image}, which could not be pulled ${when}`,
          'see the message of that backup; NKVM_HELPER_IMAGE and NKVM_HELPER_IMAGE_PULL_SECRETS name another image and Secrets'
        ),
  ];
}
