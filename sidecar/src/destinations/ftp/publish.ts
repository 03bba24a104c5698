import { FTPError } from 'basic-ftp';
import { StageError } from '../../errors.ts';
import { isLeftLock, nameLocked } from '../common/nameLock.ts';
import { nameTaken, temporaryGone } from '../common/refusals.ts';
import { lockName } from '../common/temporary.ts';
import type { LookCall } from './lookAt.ts';
import { entriesOf, lookAt } from './lookAt.ts';
import type { Session } from './session.ts';
import { argument } from './size.ts';

/** A file that is stored under a temporary name, on its way to its own. */
export interface Passage {
  temporary: string;
  key: string;
  bytes: number;
  installation: string;
  /** For people. */
  place: string;
  /** Names that a sweep must leave alone. */
  underWay: Set<string>;
}

/** How far a publication came, to find out what was left when the connection broke. */
export interface Progress {
  /** The rename was sent: it may have worked. */
  isRenaming: boolean;
}

/** How often a lock is asked for that another publisher has just given back. */
const TRIES = 5;

/**
 * Gives a temporary its name. Most servers replace a file when another is renamed to its name, so that a directory, which
 * cannot be created twice, is the lock on the name from the look until after the rename. One that was left behind is deleted
 * when it is old.
 * @throws FTPError, StageError; the temporary is still there
 */
export async function publishTemporary(
  session: Session,
  passage: Passage,
  progress: Progress,
  call: LookCall
): Promise<void> {
  const { client } = session;
  const { temporary, key, bytes, place, installation, underWay } = passage;
  const lock = lockName(installation, key);
  const isOurs = !underWay.has(lock);
  underWay.add(lock);
  try {
    await takeLock(session, lock, { ...passage, isOurs, call });
    try {
      if (await lookAt(session, key, call)) throw nameTaken(place);
      await client.send(`RNFR ${temporary}`).catch(async error => {
        const isGone = error instanceof FTPError && !(await lookAt(session, temporary, call));
        throw isGone ? temporaryGone(place, { cause: error }) : error;
      });
      progress.isRenaming = true;
      await client.send(`RNTO ${argument(key)}`);
      const stored = await lookAt(session, key, call);
      if (stored?.bytes !== bytes) {
        // It is what was renamed: the lock is held, and the name was free.
        if (stored) await client.send(`DELE ${argument(key)}`).catch(() => undefined);
        throw storesLess(place, bytes, stored?.bytes);
      }
    } finally {
      // Left over, it is swept like a temporary.
      await client.send(`RMD ${lock}`).catch(() => undefined);
    }
  } finally {
    if (isOurs) underWay.delete(lock);
  }
}

interface Wanted extends Passage {
  /** Whether no other publication of this process has the lock. */
  isOurs: boolean;
  call: LookCall;
}

async function takeLock(session: Session, lock: string, wanted: Wanted): Promise<void> {
  const { client } = session;
  for (let tried = 1; ; tried += 1) {
    try {
      await client.send(`MKD ${lock}`);
      return;
    } catch (error) {
      if (!(error instanceof FTPError)) throw error;
      // The file there can be renamed; nothing is renamed.
      const isHeld = await client.send(`RNFR ${lock}`).then(
        () => true,
        refusal => {
          if (refusal instanceof FTPError) return false;
          throw refusal;
        }
      );
      if (isHeld) await removeLeftLock(session, lock, wanted);
      if (tried === TRIES) throw error;
    }
  }
}

/** @throws StageError where the lock may still be held */
async function removeLeftLock(session: Session, lock: string, wanted: Wanted): Promise<void> {
  const { isOurs, place, temporary, key, call } = wanted;
  if (!isOurs) throw nameTaken(place);
  const at = new Map<string, Date | undefined>();
  for await (const { name, roughlyAt } of entriesOf(session, { ...call, withHidden: true }))
    if (name === lock || name === temporary || name === key) at.set(name, roughlyAt);
  if (at.has(key)) throw nameTaken(place);
  if (!at.has(lock)) return; // it was given back meanwhile
  if (!isLeftLock(at.get(lock), at.get(temporary))) throw nameLocked(place, lock);
  await session.client.send(`RMD ${lock}`);
}

/** @returns the refusal of a server that said that all was well, and has something else. */
export const storesLess = (place: string, sent: number, stored: number | undefined): StageError =>
  new StageError(
    'checksum',
    'DigestDiffers',
    `${place} ${
      stored === undefined ? 'is not there' : `has ${stored} bytes`
    }; ${sent} were sent, and the server said that it has them`,
    'find the cause before you rely on this server: see its log and its disk',
    'unknown'
  );
