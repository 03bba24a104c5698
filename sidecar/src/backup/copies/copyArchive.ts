import { pipeline } from 'node:stream';
import type { Copy } from '../../../api/index.ts';
import { hashAndCount } from '../../archive/digest.ts';
import type { Manifest, StoredManifest } from '../../archive/manifest.ts';
import {
  MANIFEST_VERSION,
  readableBy,
  readManifest,
  writeManifest,
} from '../../archive/manifest.ts';
import { archiveFormOf, archiveNameIn, manifestName } from '../../archive/name.ts';
import type { Lane } from '../../cluster/gateway/lane.ts';
import type { Destination } from '../../destinations/destination.ts';
import type { Places } from '../../destinations/places.ts';
import { movedSince } from '../../destinations/places/movedSince.ts';
import { chainThere } from '../../destinations/read/chainThere.ts';
import type { Readable } from '../../destinations/read/readable.ts';
import { readText } from '../../destinations/read/readText.ts';
import { StageError } from '../../errors.ts';
import type { RunChange, RunRecord } from '../../history/history.ts';
import type { StageClock } from '../../jobs/stageClock.ts';
import type { Held } from '../breakOff.ts';
import { digestText } from '../proof.ts';
import type { ProofPlan } from '../proofLevel.ts';
import { proveAndPublish } from '../proveAndPublish.ts';
import { copyBeside } from './copyBeside.ts';
import { packedAs } from './copyForm.ts';
import type { OpenTarget } from './targets.ts';

const MANIFEST_BYTES = 4 * 1024 * 1024;

/** How an archive is proven where it is copied to. */
export interface CopyProof {
  /** As they are now. */
  places: Pick<Places, 'get'>;
  /** @returns how the archive is proven at each of the destinations, in their order. */
  proofPlans(run: RunRecord, destinations: readonly Destination[]): ProofPlan[];
  /** Archives are unpacked one after the other. */
  unpacking: Lane;
  now(): Date;
}

/** The run that a copy is made in. */
export interface CopyRun {
  clock: StageClock;
  report(change: RunChange): void;
  /** Is told what has been written, so that a failed copy can be undone. */
  held: Held;
  signal: AbortSignal;
}

/**
 * Reads a proven copy of a backup, writes it at another destination, and proves it there.
 * @returns the copy as it is stored there. @throws StageError, and whatever a destination throws; `held` names what is left.
 */
export async function copyArchive(
  { copy: source, destination: from }: Readable<Copy>,
  backup: RunRecord,
  { name, destination, form, isRequired }: OpenTarget,
  proof: CopyProof,
  { clock, report, held, signal }: CopyRun
): Promise<Copy> {
  const manifest = readManifest(
    manifestName(source.key),
    await readText(from, manifestName(source.key), MANIFEST_BYTES, { signal })
  );
  const key = archiveNameIn(source.key, form);
  const body = await from.open(source.key, { signal });
  if (clock.current() === 'create') clock.enter('copy');
  const counter = hashAndCount(bytes => {
    clock.goesOn();
    report({ bytes });
  });
  const read = pipeline(body, counter, () => undefined);
  const { stream, digest } = packedAs(read, archiveFormOf(source.key) ?? 'tar.gz', form);
  const staged = await destination.stage(key, stream, {
    ...{ signal, expectedBytes: source.bytes, digest: digest ?? counter.digest },
  });
  held.staged = staged;
  const own = counter.digest();
  if (own.bytes !== source.bytes || own.sha256 !== source.sha256) throw differs(source, own);
  const beside = await copyBeside(
    { source: source.key, manifest, key },
    { from, to: destination, form },
    { held, signal }
  );
  // They may be gone by now: a big archive takes hours.
  await chainThere(key, manifest.chain, destination, signal);
  clock.enter('checksum');
  const [plan = { by: 'reading', level: 'checksum' }] = proof.proofPlans(backup, [destination]);
  clock.enter('publish');
  const moved = movedSince(name, destination, proof.places, 'publish');
  if (moved) throw moved;
  const sent = digest?.() ?? own;
  // The helper has then sealed the tar, whose digest was just compared; the gzip around it is a new one.
  const seal = digest && form !== 'tar' ? { ...manifest.seal, ...sent } : manifest.seal;
  const { copy } = await proveAndPublish(
    {
      ...{ destination, key, staged, own: sent, seal, isRequired },
      index: beside.index,
      snapshot: beside.snapshot,
      warnings: [...manifest.warnings, ...beside.warnings],
    },
    {
      plan: { ...plan, level: 'checksum' },
      manifest: published => manifestOfCopy({ ...manifest, seal }, { key, ...sent, ...published }),
      ...{ signal, held, now: proof.now, unpacking: proof.unpacking },
    }
  );
  return copy;
}

/** The same backup, as it is stored elsewhere. */
function manifestOfCopy(manifest: StoredManifest, change: CopyManifest): string {
  const { key, ...record } = change;
  const { clusterUid, installation, ...known } = manifest;
  return writeManifest({
    ...known,
    clusterUid: clusterUid ?? 'unknown',
    installation: installation ?? 'unknown',
    formatVersion: MANIFEST_VERSION,
    readableBy: readableBy(known.chain),
    archive: key,
    ...record,
  });
}

type CopyManifest = Pick<
  Manifest,
  'bytes' | 'sha256' | 'index' | 'snapshot' | 'warnings' | 'stored' | 'proof' | 'provenAt'
> & { key: string };

const differs = (source: Copy, own: { bytes: number; sha256: string }): StageError =>
  new StageError(
    'checksum',
    'ArchiveDiffers',
    `archive ${source.key} at ${source.destination} has changed: ${digestText(
      own
    )} were read, expected ${digestText(source)}`,
    'verify the backup, and check the storage there',
    'needs-action'
  );
