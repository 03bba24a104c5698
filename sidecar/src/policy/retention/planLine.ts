import type { RetentionHold, RetentionPlan } from '../../../api/index.ts';
import type { ArchiveFact } from '../../history/queries/claimArchives.ts';
import { doubtsOn } from './chains.ts';
import type { UsedArchive } from './deletion/inUse.ts';
import { NEARLY_ALL_NEW } from './deletion/newData.ts';
import { anomalyHold } from './holds/anomaly.ts';
import type { Line } from './lines.ts';
import type { PlanArchive } from './planRetention.ts';
import { planRetention } from './planRetention.ts';

/** Facts about everything but the line itself. */
export interface PlanFacts {
  floor: number;
  /** The annotation `nkvm.io/keep` of the Secret of a destination. */
  keepOfPlace(destination: string): string | undefined;
  /** Why nothing is deleted at a destination. */
  placeHold(destination: string): RetentionHold | null;
  /** When the last complete listing of a destination began, ISO-8601; undefined: there is none. */
  listedFrom(destination: string): string | undefined;
  /** Why an archive must stay for now. */
  useOf(archive: UsedArchive): string | null;
  /** Ids of backups whose last check failed. */
  failedChecks: ReadonlySet<string>;
}

/** @returns the plan for each destination with archives of the line, by their names. */
export function planLine(line: Line, facts: PlanFacts): RetentionPlan[] {
  const destinations = [...new Set(line.archives.map(({ destination }) => destination))].sort();
  return destinations.map(destination => {
    const here = line.archives.filter(archive => archive.destination === destination);
    const found = line.rulesAt(destination, facts.keepOfPlace(destination));
    const present = new Set(here.map(({ run }) => run));
    const isWhole = ({ needs }: ArchiveFact): boolean => needs.every(run => present.has(run));
    const doubts = doubtsOn(here, facts.failedChecks);
    const hold =
      line.holdWith(found) ??
      facts.placeHold(destination) ??
      anomalyHold(
        here
          .filter(({ run }) => !doubts.has(run))
          .map(archive => ({
            ...archive,
            bytes: archive.needs.length > 0 ? null : archive.bytes,
            isNearlyAllNew: archive.warnings.includes(NEARLY_ALL_NEW),
          })),
        line.acceptChange
      );
    return planRetention({
      destination,
      archives: here.map(archive =>
        planned(archive, doubts.get(archive.run), isWhole(archive), facts)
      ),
      rules: found.rules,
      floor: facts.floor,
      hold,
    });
  });
}

function planned(
  archive: ArchiveFact,
  doubt: string | undefined,
  isWhole: boolean,
  facts: PlanFacts
): PlanArchive {
  const { run, createdAt, bytes, destination, key, needs } = archive;
  return {
    ...{ id: run, createdAt, bytes, needs },
    protectedBy:
      doubt ??
      (!isWhole
        ? 'an archive that it needs is missing'
        : archive.isScheduled
        ? null
        : 'not a scheduled backup'),
    neededBy: archive.isUnfinished
      ? 'its backup has not ended'
      : isListed(archive, facts)
      ? facts.useOf({ run, destination, key })
      : 'newer than the last listing',
  };
}

/** A listing may lack what was stored while it was read. */
function isListed(
  { destination, provenAt, createdAt }: ArchiveFact,
  { listedFrom }: Pick<PlanFacts, 'listedFrom'>
): boolean {
  const from = listedFrom(destination);
  return from !== undefined && (provenAt ?? createdAt) < from;
}
