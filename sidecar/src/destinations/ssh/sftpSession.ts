import type { SFTPWrapper } from 'ssh2';
import { StageError } from '../../errors.ts';
import type { Done, Link, SshCall, SshConnection } from './connection.ts';
import { canSum } from './shell.ts';
import type { SshPlace } from './sshErrors.ts';
import { atStage, connectionBroke, noChannel } from './sshErrors.ts';

/** An SFTP session on a connection. Several calls can be under way in it at once; the server answers one after the other. */
export interface SftpSession {
  readonly sftp: SFTPWrapper;
  /** The extensions of the server beyond version 3, e.g. `fsync@openssh.com`. */
  readonly extensions: ReadonlySet<string>;
  /** Biggest number of bytes in one request. */
  readonly maxReadBytes: number;
  readonly maxWriteBytes: number;
  /**
   * Makes one request.
   * @throws what the server answers: an error of ssh2's whose `code` is the status (a number); else StageError
   */
  ask<T>(call: SshCall, start: (sftp: SFTPWrapper, done: Done<T>) => void): Promise<T>;
}

export interface SftpSessions {
  /** Runs `work` in a session that is not busy, as far as there is one. */
  use<T>(call: SshCall, work: (session: SftpSession) => Promise<T>): Promise<T>;
  /** As `use`, until `release` is called. */
  lease(call: SshCall): Promise<{ session: SftpSession; release: () => void }>;
}

/** Servers allow about ten on a connection (MaxSessions of OpenSSH); some are for commands. */
const MAX_SESSIONS = 6;

/** A length that all servers accept; a server that accepts more says so. */
const MIN_BYTES = 32 * 1024 - 1024;
/** Bigger ones do not make it faster, and take memory. */
const MAX_BYTES = 255 * 1024;

interface Open {
  session: Promise<SftpSession>;
  users: number;
}

/** The sessions of one connection. */
interface Here {
  sessions: Open[];
  max: number;
}

/** Sessions on the connection, opened when they are needed. A stream has one of its own, so that a slow disk stops only it. */
export function sftpSessions(connection: SshConnection, place: SshPlace): SftpSessions {
  const open = new Map<Link, Here>();

  async function choose(link: Link, call: SshCall): Promise<Open> {
    let of = open.get(link);
    if (!of) open.set(link, (of = { sessions: [], max: MAX_SESSIONS }));
    const here = of;
    for (let refusals = 0; ; ) {
      const [idlest] = here.sessions.toSorted((one, other) => one.users - other.users);
      const isNew = !idlest || (idlest.users > 0 && here.sessions.length < here.max);
      const chosen = isNew ? add(here, link, call) : idlest;
      chosen.users += 1;
      try {
        await chosen.session;
        return chosen;
      } catch (error) {
        chosen.users -= 1;
        if (!isRefusedChannel(error)) throw error;
        // Fewer are allowed than we have thought: share those that are there. One that ends may still count.
        if (isNew) here.max = Math.max(1, here.sessions.length);
        refusals += here.sessions.length === 0 ? 1 : 0;
        if (refusals > 2) throw noChannel(place, call.stage, error);
      }
    }
  }

  function add(here: Here, link: Link, call: SshCall): Open {
    const forget = () => {
      here.sessions = here.sessions.filter(other => other !== added);
    };
    const added: Open = { users: 0, session: openSession(link, place, call, forget) };
    here.sessions.push(added);
    added.session.catch(forget);
    return added;
  }

  const lease: SftpSessions['lease'] = async call => {
    const link = await connection.link(call);
    for (const [other] of open) if (!other.isOpen()) open.delete(other);
    const chosen = await choose(link, call);
    const letGo = link.hold();
    let isLeased = true;
    const release = () => {
      if (isLeased) chosen.users -= 1;
      isLeased = false;
      letGo();
    };
    try {
      return { session: await chosen.session, release };
    } catch (error) {
      release();
      throw atStage(error, call.stage);
    }
  };

  return {
    lease,
    async use(call, work) {
      const { session, release } = await lease(call);
      try {
        return await work(session);
      } finally {
        release();
      }
    },
  };
}

/** ssh2 gives these two to the callback when the server refuses a channel. */
const isRefusedChannel = (error: unknown): boolean =>
  error instanceof Error && /Channel open failure/i.test(error.message);

async function openSession(
  link: Link,
  place: SshPlace,
  { stage }: SshCall,
  onClose: () => void
): Promise<SftpSession> {
  let sftp: SFTPWrapper;
  try {
    // Not stopped by its caller: others may be waiting for it.
    sftp = await link.call<SFTPWrapper>({ stage }, done => link.client.sftp(done));
  } catch (error) {
    if (error instanceof StageError || isRefusedChannel(error)) throw error;
    throw noSftp(place, stage, error);
  }
  let isOpen = true;
  const closed = () => {
    isOpen = false;
    onClose();
  };
  sftp.on('error', closed).once('end', closed).once('close', closed);
  const inside = sftp as unknown as Inside;
  return {
    sftp,
    extensions: new Set(Object.keys(inside._extensions)),
    maxReadBytes: within(inside._maxReadLen),
    maxWriteBytes: within(inside._maxWriteLen),
    async ask(call, start) {
      if (!isOpen)
        throw connectionBroke(place, call.stage, new Error('the SFTP session has ended'));
      try {
        return await link.call(call, done => start(sftp, done));
      } catch (error) {
        if (error instanceof StageError || call.signal?.aborted) throw error;
        if (typeof (error as { code?: unknown }).code === 'number') throw error;
        throw connectionBroke(place, call.stage, error);
      }
    },
  };
}

/** @returns what a server can do, for people. */
export async function describeSftp(link: Link, call: SshCall, place: SshPlace): Promise<string> {
  const { extensions } = await openSession(link, place, call, () => undefined);
  const names = ['fsync@openssh.com', 'hardlink@openssh.com', 'statvfs@openssh.com'];
  const has = names.filter(name => extensions.has(name)).map(name => name.replace(/@.*/, ''));
  const sum = (await canSum(link, call)) ? 'computes SHA-256' : 'computes no SHA-256';
  return `SFTP with ${has.join(', ') || 'no extension'}; ${sum}`;
}

/** Facts that ssh2 has learned from the server and does not expose (version 1.17). */
interface Inside {
  _extensions: Record<string, string>;
  _maxReadLen: number;
  _maxWriteLen: number;
}

const within = (bytes: number | undefined): number =>
  Math.min(Math.max(bytes ?? MIN_BYTES, MIN_BYTES), MAX_BYTES);

const noSftp = ({ place }: SshPlace, stage: SshCall['stage'], cause: unknown): StageError =>
  new StageError(
    stage,
    'SftpMissing',
    `destination ${place}: the server offers no SFTP`,
    'turn it on ("Subsystem sftp internal-sftp" in sshd_config), or use the kind scp where there is a shell',
    'needs-action',
    { cause }
  );
