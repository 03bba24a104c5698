import type { BACKUP_LABEL_VALUES } from '../../../api/index.ts';
import {
  ACCEPT_CHANGE_ANNOTATION,
  BACKUP_LABEL,
  DRILL_ANNOTATION,
  HOLD_UNTIL_ANNOTATION,
  INCREMENTAL_ANNOTATION,
  INCREMENTAL_MODES,
  KEEP_ANNOTATION,
  SCHEDULE_ANNOTATION,
  START_ANNOTATION,
  SUSPEND_ANNOTATION,
} from '../../../api/index.ts';
import type { Claim } from '../../cluster/inventory/inventory.ts';
import type { NamespaceFact } from '../../cluster/watch/facts.ts';
import { parseKeep } from '../retention/rules/keepRules.ts';
import type { NoSchedule, ScheduleSource } from '../schedule/parseSchedule.ts';
import { parseSchedule } from '../schedule/parseSchedule.ts';
import type { Schedule } from '../schedule/schedule.ts';
import { PRESETS } from '../schedule/schedule.ts';
import { parseHoldUntil } from './holdUntil.ts';
import { RUN_ID, startWishOf } from './startWish.ts';
import type { KeepWish, Wish, WishProblem } from './wish.ts';

export type WishClaim = Pick<Claim, 'namespace' | 'name' | 'labels'> &
  Partial<Pick<Claim, 'policyNotes'>>;
export type WishNamespace = Pick<NamespaceFact, 'backupLabel' | 'policyNotes'>;

export interface WishSettings {
  clusterUid: string;
  /** IANA name; of schedules that name none. */
  timeZone: string;
}

/** One label or annotation, where it was found. */
interface Found {
  key: string;
  text: string;
  setOn: 'claim' | 'namespace';
  setBy: 'label' | 'annotation';
}

/**
 * The claim counts before its namespace; on each of them, the annotation with a schedule counts before the label. A value
 * that is not valid is a problem, and nothing else takes its place: nobody can know what it was meant to say.
 *
 * @param namespace undefined: it is not known, and nothing is inherited
 */
export function wishOf(
  claim: WishClaim,
  namespace: WishNamespace | undefined,
  settings: WishSettings
): Wish {
  const problems: WishProblem[] = [];
  const note = (key: string, inherits = true): Found | undefined => {
    const own = claim.policyNotes?.[key];
    if (own !== undefined) return { key, text: own, setOn: 'claim', setBy: 'annotation' };
    const inherited = inherits ? namespace?.policyNotes?.[key] : undefined;
    return inherited === undefined
      ? undefined
      : { key, text: inherited, setOn: 'namespace', setBy: 'annotation' };
  };
  const refuse = (found: Found, { message, hint }: NoSchedule): null => {
    const { key, text, setOn, setBy } = found;
    const value = text.slice(0, 100);
    const about = `${setBy} ${key} of the ${setOn} has the value ${JSON.stringify(value)}`;
    problems.push({ key, setOn, setBy, value, message: `${about}: ${message}`, hint });
    return null;
  };

  const asked =
    scheduleNote(claim.policyNotes, claim.labels[BACKUP_LABEL], 'claim') ??
    scheduleNote(namespace?.policyNotes, namespace?.backupLabel, 'namespace');
  const drill = note(DRILL_ANNOTATION);
  const scheduleFrom = (found: Found, purpose: ScheduleSource['purpose']): Schedule | null => {
    if (found.text.trim() === 'off') return null;
    const key = { ...settings, namespace: claim.namespace, name: claim.name };
    const { setOn, setBy } = found;
    const parsed: Schedule | NoSchedule =
      setBy === 'label' && !isLabelValue(found.text)
        ? { message: 'there is no such interval', hint: LABEL_HINT }
        : parseSchedule(found.text, { key, purpose, timeZone: settings.timeZone, setOn, setBy });
    return 'cron' in parsed ? parsed : refuse(found, parsed);
  };

  const suspend = note(SUSPEND_ANNOTATION);
  const hold = note(HOLD_UNTIL_ANNOTATION);
  const keep = note(KEEP_ANNOTATION);
  const start = note(START_ANNOTATION, false);
  const startWish = start ? startWishOf(start.text) : null;
  if (start && startWish?.kind === 'invalid')
    refuse(start, { message: 'this is not a way to start', hint: START_HINT });
  if (suspend && !['true', 'false'].includes(suspend.text))
    refuse(suspend, { message: 'it takes true or false', hint: SUSPEND_HINT });
  const until = hold ? parseHoldUntil(hold.text) : null;
  if (hold && !until) refuse(hold, { message: 'this is not a time', hint: HOLD_HINT });
  const accept = note(ACCEPT_CHANGE_ANNOTATION, false);
  const isAccepted = accept !== undefined && RUN_ID.test(accept.text.trim());
  if (accept && !isAccepted)
    refuse(accept, { message: 'this is not the id of a backup', hint: ACCEPT_HINT });
  const incremental = note(INCREMENTAL_ANNOTATION);
  const mode = INCREMENTAL_MODES.find(each => each === incremental?.text.trim());
  if (incremental && !mode)
    refuse(incremental, { message: 'there is no such choice', hint: INCREMENTAL_HINT });
  const keepFrom = (found: Found): KeepWish => {
    const parsed = parseKeep(found.text);
    if ('problem' in parsed) refuse(found, { message: parsed.problem, hint: KEEP_HINT });
    const rules = 'rules' in parsed ? parsed.rules : null;
    return { text: found.text, rules, setOn: found.setOn };
  };

  return {
    schedule: asked ? scheduleFrom(asked, 'backup') : null,
    isOff: asked?.text.trim() === 'off',
    suspended: suspend?.text === 'true',
    keep: keep ? keepFrom(keep) : null,
    holdUntil: until,
    drill: drill ? scheduleFrom(drill, 'drill') : null,
    start: startWish,
    incremental: incremental ? mode ?? 'off' : null,
    acceptChange: isAccepted ? accept.text.trim() : null,
    problems,
  };
}

function scheduleNote(
  notes: WishClaim['policyNotes'],
  label: string | undefined,
  setOn: Found['setOn']
): Found | undefined {
  const annotation = notes?.[SCHEDULE_ANNOTATION];
  if (annotation !== undefined)
    return { key: SCHEDULE_ANNOTATION, text: annotation, setOn, setBy: 'annotation' };
  return label === undefined
    ? undefined
    : { key: BACKUP_LABEL, text: label, setOn, setBy: 'label' };
}

const LABEL_VALUES: readonly (typeof BACKUP_LABEL_VALUES)[number][] = [...PRESETS, 'off'];
const isLabelValue = (text: string): boolean => (LABEL_VALUES as readonly string[]).includes(text);

const LABEL_HINT = `use ${LABEL_VALUES.join(
  ', '
)}; the annotation ${SCHEDULE_ANNOTATION} takes cron`;
const SUSPEND_HINT = `set ${SUSPEND_ANNOTATION} to "true", or delete the annotation; until then the schedule is not suspended`;
const HOLD_HINT =
  'use a date such as 2027-01-31, or a time such as 2027-01-31T12:00:00Z; until then no archive is deleted';
const KEEP_HINT =
  'use rules such as last=3,daily=7,weekly=4, or all; until then no archive of the claim is deleted';
const ACCEPT_HINT =
  'use the id of the backup that the hold names; until then, a big change of the volume is not accepted';
const INCREMENTAL_HINT = `use ${INCREMENTAL_MODES.join(', ')}; until then, its backups are full`;
const START_HINT = 'use empty, newest, or the id of a backup';
