import type { DoctorFinding } from '../../../api/index.ts';
import type { ProtectionSummary } from '../../observe/protectionGauges.ts';
import { fine, warns } from '../finding.ts';

/** Without names: the page Protection has them, for those who may see them. */
export function checkSchedules(
  isOn: boolean,
  protection: ProtectionSummary | undefined
): DoctorFinding[] {
  if (!isOn)
    return [
      warns(
        'NKVM_SCHEDULES is off: no backup and no drill starts by itself',
        'set NKVM_SCHEDULES=on if that is not meant'
      ),
    ];
  if (!protection)
    return [
      warns('the protection of the volumes is not known', 'run the doctor again in a minute'),
    ];
  const { nextRuns, overdue, invalid, withoutBackup } = protection;
  const found = [fine(`volumes with a schedule: ${nextRuns.length}`)];
  const see = 'see the page Volumes, which says why of each';
  if (overdue.length > 0)
    found.push(warns(`volumes whose backup is overdue: ${overdue.length}`, see));
  if (withoutBackup.length > 0)
    found.push(
      warns(`volumes with a schedule that have no good backup: ${withoutBackup.length}`, see)
    );
  if (invalid.length > 0)
    found.push(
      warns(
        `volumes with labels or annotations that are not valid: ${invalid.length}`,
        'see docs/operations/schedules.md; an Event on each claim names the value'
      )
    );
  return found;
}
