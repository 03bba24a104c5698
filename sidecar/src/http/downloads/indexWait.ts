import type { FastifyReply } from 'fastify';
import type { Archives } from '../../browse/archives.ts';
import type { ArchiveRef, OpenArchive } from '../../browse/openArchive.ts';
import { Refusal } from '../entry/problems.ts';

/** Proxies on the way give up on an answer after 30 or 60 seconds. */
const LONGEST_WAIT_MS = 20_000;

/** @returns a signal that ends when the client is gone before it has its answer. */
export function untilGone(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  const { raw } = reply;
  raw.once('close', () => {
    if (!raw.writableFinished) gone.abort(new Error('the client is gone'));
  });
  return gone.signal;
}

/**
 * Opens an archive, or says that its index is being made. The work goes on for a while after that, so that the same request
 * has its answer soon.
 * @throws Refusal (503, `IndexBeingMade`)
 */
export async function openWithin(
  archives: Pick<Archives, 'open'>,
  ref: ArchiveRef,
  signal: AbortSignal,
  waitMs = LONGEST_WAIT_MS
): Promise<OpenArchive> {
  const enough = new AbortController();
  const timer = setTimeout(() => enough.abort(beingMade(ref)), waitMs);
  try {
    return await archives.open(ref, AbortSignal.any([signal, enough.signal]));
  } finally {
    clearTimeout(timer);
  }
}

const beingMade = ({ key }: ArchiveRef): Refusal =>
  new Refusal(
    503,
    'IndexBeingMade',
    `archive ${key} has no index, and one is being made: that takes as long as reading the archive`,
    'ask again in a few seconds'
  );
