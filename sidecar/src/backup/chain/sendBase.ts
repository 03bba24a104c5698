import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ChainLink } from '../../../api/index.ts';
import { archiveNameIn, manifestName, snapshotName } from '../../archive/name.ts';
import { readFirstByte } from '../../destinations/read/readFirstByte.ts';
import { StageError, textOf } from '../../errors.ts';
import type { Helper } from '../../helper/helper.ts';
import { chainCommand } from '../../helper/pack/packCommand.ts';
import { within } from '../../within.ts';
import type { OpenTarget } from '../copies/targets.ts';
import { provenArchiveAt } from '../provenArchive.ts';
import { missingLinks } from './links.ts';

const SEND_MS = 600_000;

/**
 * Prepares the helper for an increment: sends it the snapshot file of the last of `links`, from the first destination that has
 * it. Before that, each destination is asked whether it has all of the links.
 * @returns why no increment can be made; the helper is then prepared for a full archive. Undefined: it can.
 * @throws StageError (stage `exec`) when the helper takes nothing; whatever aborts `signal`
 */
export async function sendBase(
  helper: Helper,
  links: readonly ChainLink[],
  targets: readonly OpenTarget[],
  signal: AbortSignal
): Promise<string | undefined> {
  const base = links.at(-1);
  let why = '';
  try {
    for (const target of targets) {
      const [missing] = await missingLinks(links, target, signal);
      if (missing)
        return await none(
          `the archive of backup ${missing.runId} is missing at ${target.name}, or has another size`
        );
      const locked = base && (await whyLocked(base, target, signal));
      if (locked !== undefined)
        return await none(`no increment can be made for ${target.name}: ${locked}`);
    }
  } catch (error) {
    signal.throwIfAborted();
    return await none(`not all archives of the chain could be looked for: ${textOf(error)}`);
  }
  for (const { destination, form } of base ? targets : []) {
    const key = archiveNameIn(base?.archive ?? '', form);
    try {
      const { manifest } = await provenArchiveAt(manifestName(key), destination, signal);
      const { snapshot, seal } = manifest;
      if (seal.sha256 !== base?.sha256) throw new Error(`${key} is another archive`);
      if (!snapshot) throw new Error(`${key} has no snapshot file`);
      const body = await destination.open(snapshotName(key), { signal });
      await feed(helper, snapshot.sha256, body, signal);
      return undefined;
    } catch (error) {
      signal.throwIfAborted();
      why ||= textOf(error);
    }
  }
  return await none(`the snapshot file of the archive before could not be used: ${why}`);

  async function none(reason: string): Promise<string> {
    await prepareFull(helper, signal);
    return reason;
  }
}

/**
 * The keys of an increment must open its base, too: see `PlaceKeys.baseKey`.
 * @returns why that is not known; undefined: it is, or nothing is encrypted there
 */
export async function whyLocked(
  { archive }: ChainLink,
  { destination, form }: Pick<OpenTarget, 'destination' | 'form'>,
  signal: AbortSignal
): Promise<string | undefined> {
  if (form !== 'tar.gz.age') return undefined;
  const key = snapshotName(archiveNameIn(archive, form));
  try {
    await readFirstByte(destination, key, signal);
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    return textOf(error);
  }
}

/** Prepares the helper for a full archive that increments can build on. @throws StageError (stage `exec`). */
export const prepareFull = (helper: Helper, signal: AbortSignal): Promise<void> =>
  feed(helper, undefined, Readable.from([]), signal);

/** @throws StageError (stage `exec`) when not all of it arrives, or something else. */
async function feed(
  helper: Helper,
  sha256: string | undefined,
  body: Readable,
  signal: AbortSignal
): Promise<void> {
  const stop = AbortSignal.any([signal, AbortSignal.timeout(SEND_MS)]);
  const fed = await helper.feed(chainCommand(sha256), { signal: stop });
  fed.stdout.resume();
  let broke: unknown;
  await pipeline(body, fed.stdin, { signal: stop }).catch((error: unknown) => (broke = error));
  const exitCode = await within(stop, fed.exit).catch((error: unknown) => textOf(error));
  if (exitCode === 0) return;
  throw new StageError(
    'exec',
    'PackFailed',
    `the snapshot file did not arrive in helper pod ${helper.namespace}/${helper.pod}: ${
      fed.stderrTail().trim() || (broke && textOf(broke)) || `the command ended with ${exitCode}`
    }`,
    'start a new backup; if it happens again, check that the kubelet of the helper’s node answers the API server',
    'transient'
  );
}
