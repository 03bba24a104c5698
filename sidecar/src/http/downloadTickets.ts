import { randomBytes } from 'node:crypto';
import type { Subject } from '../cluster/access.ts';
import type { ReadableArchive } from './archiveAccess.ts';
import { Refusal } from './problems.ts';

/** What one download is for: a browser that saves a file can send no token. */
export interface Ticket {
  caller: Subject;
  archive: ReadableArchive;
  /** Empty: the whole archive. */
  paths: readonly string[];
}

export interface DownloadTickets {
  /** @throws Refusal (429) when too many wait to be used. */
  give(ticket: Ticket): { id: string; expiresAt: Date };
  /** @returns a ticket, which stays good; undefined: there is none, or it has expired. */
  look(id: string): Ticket | undefined;
  /** Makes a ticket useless. */
  use(id: string): void;
}

export const TICKET_MS = 60_000;
const PER_USER = 50;
const TOTAL = 300;

export function downloadTickets(now: () => number = Date.now): DownloadTickets {
  const tickets = new Map<string, Ticket & { expiresAt: number }>();

  const forgetOld = () => {
    // They are in the order of their time.
    for (const [id, { expiresAt }] of tickets) {
      if (expiresAt > now()) return;
      tickets.delete(id);
    }
  };

  return {
    give(ticket) {
      forgetOld();
      const { username } = ticket.caller;
      const own = [...tickets.values()].filter(({ caller }) => caller.username === username);
      if (own.length >= PER_USER || tickets.size >= TOTAL) throw tooMany();
      const id = randomBytes(32).toString('base64url');
      const expiresAt = now() + TICKET_MS;
      tickets.set(id, { ...ticket, expiresAt });
      return { id, expiresAt: new Date(expiresAt) };
    },
    look(id) {
      forgetOld();
      return tickets.get(id);
    },
    use: id => void tickets.delete(id),
  };
}

const tooMany = (): Refusal =>
  new Refusal(
    429,
    'TooManyDownloads',
    'too many downloads were prepared and not begun',
    `use them, or wait ${TICKET_MS / 1000} s`
  );
