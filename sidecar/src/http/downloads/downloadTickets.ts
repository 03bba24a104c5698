import { randomBytes } from 'node:crypto';
import type { Subject } from '../../cluster/gateway/access.ts';
import { Refusal } from '../entry/problems.ts';
import type { ReadableArchive } from '../rights/archiveAccess.ts';
import { userOf, userTokenOf } from '../rights/caller.ts';

/** The content of one download: a browser that saves a file can send no token. */
export interface Ticket {
  caller: Subject;
  archive: ReadableArchive;
  /** Empty: the whole archive. */
  paths: readonly string[];
  /** @returns whether the token that it was given for is still valid. @throws Refusal (503) when the API server did not say. */
  isTokenValid(maxAgeMs?: number): Promise<boolean>;
}

export interface DownloadTickets {
  /** @throws Refusal (429) when too many of this caller wait to be used; those of others never keep one from getting any. */
  give(ticket: Ticket): { id: string; expiresAt: Date };
  /** @returns a ticket, which stays good; undefined: there is none, or it has expired. */
  look(id: string): Ticket | undefined;
  /** Makes a ticket useless. */
  use(id: string): void;
}

const TICKET_MS = 60_000;
/** `nkvm-admin` stands for every administrator, so their tokens are told apart. */
const PER_TOKEN = 50;
const PER_USER = 150;
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

  /** Makes room: deletes the oldest ticket of the caller that has the most. */
  const forgetOfBusiest = () => {
    const counts = new Map<string, number>();
    for (const { caller } of tickets.values())
      counts.set(userOf(caller), (counts.get(userOf(caller)) ?? 0) + 1);
    const most = Math.max(...counts.values());
    for (const [id, { caller }] of tickets)
      if (counts.get(userOf(caller)) === most) return void tickets.delete(id);
  };

  return {
    give(ticket) {
      forgetOld();
      const all = [...tickets.values()];
      const ofToken = all.filter(
        ({ caller }) => userTokenOf(caller) === userTokenOf(ticket.caller)
      );
      const ofUser = all.filter(({ caller }) => userOf(caller) === userOf(ticket.caller));
      if (ofToken.length >= PER_TOKEN || ofUser.length >= PER_USER) throw tooMany();
      if (tickets.size >= TOTAL) forgetOfBusiest();
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
    'too many downloads were prepared and not started',
    `use them, or wait ${TICKET_MS / 1000} s`
  );
