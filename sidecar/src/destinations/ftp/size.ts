import { FTPError } from 'basic-ftp';
import { saysUnknown } from './ftpErrors.ts';
import { parseTime } from './listing.ts';
import type { Session } from './session.ts';

/** @returns a name as a command takes it: some servers take a leading dash for an option, and drop leading spaces. */
export const argument = (name: string): string => (/^[-\s]/.test(name) ? `./${name}` : name);

/** @returns undefined when the server has no SIZE. @throws FTPError also for a file that is not there */
export async function sizeOf({ client }: Session, name: string): Promise<number | undefined> {
  try {
    const { message } = await client.send(`SIZE ${argument(name)}`);
    const size = /^213[ -](\d+)/.exec(message)?.[1];
    return size === undefined ? undefined : Number(size);
  } catch (error) {
    if (saysUnknown(error)) return undefined;
    throw error;
  }
}

/** @returns undefined when the server does not say it. */
export async function timeOf({ client }: Session, name: string): Promise<Date | undefined> {
  try {
    return parseTime((await client.send(`MDTM ${argument(name)}`)).message.slice(4));
  } catch (error) {
    if (error instanceof FTPError) return undefined;
    throw error;
  }
}
