import { FTPError } from 'basic-ftp';
import { text } from 'node:stream/consumers';
import { linesOfWhole } from '../common/workFiles.ts';
import { saysNotThere, saysUnknown } from './ftpErrors.ts';
import type { Entry } from './listing.ts';
import { parseEntry, parseFacts } from './listing.ts';
import type { Session } from './session.ts';
import { argument, sizeOf, timeOf } from './size.ts';
import type { TransferCall } from './transfer.ts';
import { download } from './transfer.ts';

/** The arguments of a lookup besides a session. */
export interface LookCall extends TransferCall {
  workDir: string;
}

export interface Seen {
  bytes: number;
  /** undefined: the server does not say it. */
  modifiedAt: Date | undefined;
}

/**
 * Looks at one file of the directory.
 *
 * Most servers answer 550 to whatever they cannot do. Where their words do not say that the file is not there, only a
 * listing without it proves that.
 * @returns undefined only when it is not there. @throws FTPError, StageError
 */
export async function lookAt(
  session: Session,
  name: string,
  call: LookCall
): Promise<Seen | undefined> {
  const { client, features } = session;
  try {
    if (features.has('MLST')) {
      const facts = parseFacts((await client.send(`MLST ${argument(name)}`)).message);
      if (facts?.isFile) return facts;
    }
    const bytes = await sizeOf(session, name);
    if (bytes !== undefined) return { bytes, modifiedAt: await timeOf(session, name) };
  } catch (error) {
    if (saysNotThere(error)) return undefined;
    if (!(error instanceof FTPError)) throw error;
    if (await isAbsent(session, name, call)) return undefined;
    if (!saysUnknown(error)) throw error;
  }
  // No SIZE: what a listing says.
  for await (const entry of entriesOf(session, { ...call, withHidden: name.startsWith('.') }))
    if (entry.name === name && entry.isFile) return entry;
  return undefined;
}

/** Characters that a listing would take for a pattern. */
const PATTERN = /[*?[\]{}~\\\s]/;

/** @returns whether a listing that is complete does not have the name. */
async function isAbsent(session: Session, name: string, call: LookCall): Promise<boolean> {
  if (!PATTERN.test(name)) {
    try {
      // vsftpd and others list a name alone; they do not send 100,000 names then.
      const names = await text(
        await download(session, `NLST ${argument(name)}`, call, asIs, ignore)
      );
      return !names.split(/\r?\n/).some(line => line === name || line.endsWith(`/${name}`));
    } catch (error) {
      if (!(error instanceof FTPError)) throw error;
    }
  }
  for await (const entry of entriesOf(session, { ...call, withHidden: name.startsWith('.') }))
    if (entry.name === name) return false;
  return true;
}

/**
 * Lists the directory. Nothing of a listing that breaks off is given.
 * @param withHidden also names that begin with a dot
 * @throws FTPError, StageError
 */
export async function* entriesOf(
  session: Session,
  { withHidden, ...call }: LookCall & { withHidden: boolean }
): AsyncGenerator<Entry> {
  const body = await listing(session, call, withHidden);
  for await (const line of linesOfWhole(body, call.workDir, call.signal)) {
    const entry = parseEntry(line);
    if (entry) yield entry;
  }
}

async function listing(session: Session, call: TransferCall, withHidden: boolean) {
  const list = (command: string) => download(session, command, call, asIs, ignore);
  if (session.features.has('MLST') || session.features.has('MLSD')) {
    try {
      return await list('MLSD');
    } catch (error) {
      if (!saysUnknown(error)) throw error;
    }
  }
  // A server that does not know the option takes it for a name: then nothing hidden is found.
  return await list(withHidden ? 'LIST -a' : 'LIST');
}

const asIs = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));
const ignore = (): void => undefined;
