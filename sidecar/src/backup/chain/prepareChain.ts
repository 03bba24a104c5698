import type { Chain } from '../../../api/index.ts';
import { formOf } from '../../archive/chain/chain.ts';
import { StageError } from '../../errors.ts';
import type { Helper } from '../../helper/helper.ts';
import type { LeaveOut } from '../../helper/leaveOut.ts';
import type { SealedLink } from '../../helper/seal.ts';
import type { Attempt, CopyPlan } from '../attempt.ts';
import { prepareFull, sendBase } from './sendBase.ts';

/**
 * Decides whether the archive of a run is an increment, and prepares its helper. The run names the archives that it needs from
 * now on, so that none of them is deleted meanwhile.
 * @returns the chain that is wanted; null: the archive is not a link of one
 */
export async function prepareChain(
  { run, world, signal, report }: Attempt,
  helper: Helper,
  { patterns }: LeaveOut,
  plans: readonly CopyPlan[]
): Promise<Chain | null> {
  const targets = plans.map(({ target }) => target);
  const choice = world.chooseBase?.(run, targets, patterns) ?? { form: 'alone' };
  switch (choice.form) {
    case 'alone':
      report({ chain: null });
      return null;
    case 'full':
      await prepareFull(helper, signal);
      return { links: [], why: choice.why };
    case 'increment': {
      report({ chain: { links: choice.links } });
      const why = await sendBase(helper, choice.links, targets, signal);
      return why === undefined ? { links: choice.links } : { links: [], why };
    }
  }
}

/**
 * @param wanted what was asked of the helper
 * @returns the chain of the archive that it made
 * @throws StageError (stage `checksum`) when it made an increment of nothing that it was sent
 */
export function chainMade(wanted: Chain | null, { form, reason, count }: SealedLink): Chain | null {
  switch (form) {
    case 'none':
      return null;
    case 'full':
      return { links: [], why: wanted?.why ?? WHY_FULL[reason](count) };
    case 'increment':
      if (wanted && formOf(wanted) === 'increment') return wanted;
      throw new StageError(
        'checksum',
        'SealUnreadable',
        'the helper made an increment, and no archive was named that it could build on',
        'start a new backup; if it happens again, use the helper image of this version of NKVM',
        'unknown'
      );
  }
}

const files = (count: number): string => `${count} ${count === 1 ? 'file' : 'files'}`;

const WHY_FULL: Record<SealedLink['reason'], (count: number) => string> = {
  none: () => 'a full archive was asked for',
  asked: () => 'a full archive was asked for',
  unreadable: () => 'the helper could not read the snapshot file of the archive before',
  unseen: count => `${files(count)} changed, and their times are older than the archive before`,
  contents: count => `${files(count)} have other contents, and the same times as before`,
  links: count =>
    `${files(
      count
    )} unchanged, with hard links in a directory that was renamed or replaced and in another one`,
  'too-big': () => 'the snapshot file would be too big',
  failed: () => 'the helper could not list the volume',
};

/** @returns sentences for everybody who may see the backup. */
export function warningsOnLink({ reason, count }: SealedLink): string[] {
  switch (reason) {
    case 'contents':
      return [
        `${files(
          count
        )} of a sample have other contents than in the backup before, and the same times: all of the volume was packed. Check the disk of the volume, and programs that set times of files`,
      ];
    case 'too-big':
    case 'failed':
      return [`no increment can build on this archive: ${WHY_FULL[reason](count)}`];
    default:
      return [];
  }
}
