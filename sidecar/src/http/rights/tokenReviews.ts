import { createHash } from 'node:crypto';
import type { Access, Subject } from '../../cluster/gateway/access.ts';
import { rateLimit } from '../../observe/tokenBucket.ts';
import { Refusal } from '../entry/problems.ts';

/** How long an answer on a token is kept: a "yes" as long as one on a right. */
const KEEP_MS = 10_000;
const KEEP_TOKENS = 2_000;
const KEEP_REFUSED = 10_000;

/** Tokens that were never valid here cost the API server something each, whoever sends them. */
const UNKNOWN_TOKENS = {
  eachSource: { burst: 100, everyMs: 200 },
  eachPeer: { burst: 200, everyMs: 75 },
  allPeers: { burst: 300, everyMs: 50 },
  /** Questions under way. */
  atOnce: { eachSource: 8, eachPeer: 14, allPeers: 20 },
};

/** Where a request comes from. */
export interface Source {
  /** Address of the other end of the connection. */
  peer: string;
  /** The peer's statement about its own client. It is not trusted: the client never gets more than the share of its peer. */
  client: string;
}

export interface TokenReviews {
  /**
   * @param audience whom the token must be meant for; undefined: the API server.
   * @param maxAgeMs how old a remembered answer may be.
   * @returns undefined when the token is not valid.
   * @throws Refusal (429) when too many unknown tokens came from there, and what the API server's answer failed with.
   */
  whoIs(
    token: string,
    audience: string | undefined,
    source: Source,
    maxAgeMs?: number
  ): Promise<Subject | undefined>;
}

const UNLIMITED = { burst: Infinity, everyMs: 1 };

interface Known {
  at: number;
  subject: Promise<Subject | undefined>;
}

/** Asks for the owners of tokens, once for each token in a while, and limits what unknown tokens cost. */
export function tokenReviews(
  access: Pick<Access, 'whoIs'>,
  now: () => number = Date.now,
  limits = UNKNOWN_TOKENS
): TokenReviews {
  /** Tokens that were valid when they were last asked for; the longest untouched is forgotten first. */
  const known = new Map<string, Known>();
  const refused = new Map<string, number>();
  const mayPeerAsk = rateLimit(limits.eachPeer, limits.allPeers, now);
  const maySourceAsk = rateLimit(limits.eachSource, UNLIMITED, now);
  const underWay = new Map<string, { source: Source; subject: Promise<Subject | undefined> }>();

  const isPlaceFree = ({ peer, client }: Source): boolean => {
    const ofPeer = [...underWay.values()].filter(({ source }) => source.peer === peer);
    const ofSource = ofPeer.filter(({ source }) => source.client === client);
    const { atOnce } = limits;
    return (
      underWay.size < atOnce.allPeers &&
      ofPeer.length < atOnce.eachPeer &&
      ofSource.length < atOnce.eachSource
    );
  };
  const mayAsk = (source: Source): boolean =>
    isPlaceFree(source) &&
    maySourceAsk(`${source.peer} ${source.client}`) &&
    mayPeerAsk(source.peer);

  const keep = (key: string, entry: Known): void => {
    known.delete(key);
    known.set(key, entry);
    dropOldest(known, KEEP_TOKENS);
  };

  const forget = (key: string): void => {
    known.delete(key);
    refused.set(key, now());
    dropOldest(refused, KEEP_REFUSED);
  };

  type Ask = () => Promise<Subject | undefined>;

  const ofUnknown = async (key: string, source: Source, ask: Ask) => {
    const refusedAt = refused.get(key);
    if (refusedAt !== undefined && now() - refusedAt < KEEP_MS) return undefined;
    const same = underWay.get(key);
    if (same) return await same.subject;
    if (!mayAsk(source)) throw tooMany();
    const entry = { at: now(), subject: ask() };
    underWay.set(key, { source, subject: entry.subject });
    try {
      const subject = await entry.subject;
      if (subject) keep(key, entry);
      else forget(key);
      return subject;
    } finally {
      underWay.delete(key);
    }
  };

  const ofKnown = async (key: string, before: Known, maxAgeMs: number, ask: Ask) => {
    const isFresh = now() - before.at < maxAgeMs;
    const entry = isFresh ? before : { at: now(), subject: ask() };
    keep(key, entry);
    try {
      const subject = await entry.subject;
      if (!subject) forget(key);
      return subject;
    } catch (error) {
      keep(key, { ...before, at: -Infinity }); // still a known token; the next request asks again
      throw error;
    }
  };

  return {
    async whoIs(token, audience, source, maxAgeMs = KEEP_MS) {
      // The hash is the key, so that no token is in memory for longer than its request.
      const key = createHash('sha256')
        .update(`${audience ?? ''}\n${token}`)
        .digest('hex');
      const ask = () => access.whoIs(token, audience);
      const before = known.get(key);
      return before ? await ofKnown(key, before, maxAgeMs, ask) : await ofUnknown(key, source, ask);
    },
  };
}

function dropOldest(map: Map<string, unknown>, most: number): void {
  const oldest = map.keys().next();
  if (map.size > most && !oldest.done) map.delete(oldest.value);
}

const tooMany = (): Refusal =>
  new Refusal(
    429,
    'TooManyUnknownTokens',
    'too many requests with unknown tokens came from the same address',
    'try again in a few seconds'
  );
