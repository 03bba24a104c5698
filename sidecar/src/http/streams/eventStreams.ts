import type { FastifyReply } from 'fastify';
import type { ServerResponse } from 'node:http';
import type { StreamEnd } from '../../../api/index.ts';
import type { Subject } from '../../cluster/gateway/access.ts';
import type { HeldRights } from '../rights/heldRights.ts';
import type { StreamLimits } from './streamLimits.ts';
import { streamPlaces } from './streamLimits.ts';
import { LOOK_AGAIN_MS } from './whileAllowed.ts';

export type EndReason = StreamEnd['reason'];

/** One open stream of server-sent events. */
export interface EventStream {
  /** False while the client has not taken what was sent: then nothing more may be sent, or it would pile up here. */
  readonly isClear: boolean;
  readonly isOpen: boolean;
  send(event: string, body: unknown): void;
  /** Ends the stream. @param reason for an `end` event; absent where the last event says it already. */
  end(reason?: EndReason): void;
}

/** Whose stream it is. */
export interface Reader {
  caller: Subject;
  /** @returns whether the token is still valid. @throws when the API server did not say. */
  isStillValid(): Promise<boolean>;
  rights: HeldRights;
}

/** The purpose of a stream. */
export interface StreamUse {
  /** Sends what there is to send. It is called when the client has taken everything, and after each look at rights. */
  onClear(): void;
  onClose(): void;
  /** @returns whether the caller may still read any of it, after some right was lost. */
  mayRead(): Promise<boolean>;
}

/** Opens streams, counts them, keeps them alive, and looks again whether they may go on. */
export interface EventStreams {
  /** @throws Refusal (429) when too many are open. After that the reply belongs to the stream. */
  open(reply: FastifyReply, reader: Reader, use: StreamUse): EventStream;
  endAll(reason: EndReason): void;
}

export interface EventStreamOptions {
  limits?: StreamLimits;
  pingMs?: number;
  lookAgainMs?: number;
  /** A client that takes nothing for so long is gone. */
  stuckMs?: number;
}

export function eventStreams(options: EventStreamOptions = {}): EventStreams {
  const { limits, pingMs = 15_000, lookAgainMs = LOOK_AGAIN_MS, stuckMs = 60_000 } = options;
  const takePlace = streamPlaces(limits);
  const all = new Set<EventStream>();

  return {
    open(reply, reader, use) {
      const givePlaceBack = takePlace(reader.caller);
      reply.hijack();
      const out = reply.raw;
      out.writeHead(200, {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      });
      out.flushHeaders();
      const writer = writerOf(out, stuckMs, () => use.onClear());
      const ping = setInterval(() => writer.ping(), pingMs);
      const look = setInterval(() => void lookAgain(), lookAgainMs);
      const close = (): void => {
        clearInterval(ping);
        clearInterval(look);
        givePlaceBack();
        if (all.delete(stream)) use.onClose();
      };

      let isLooking = false;
      const lookAgain = async (): Promise<void> => {
        if (isLooking) return;
        isLooking = true;
        const reason = await endReason(reader, use);
        isLooking = false;
        if (!stream.isOpen) return;
        if (reason) stream.end(reason);
        else if (stream.isClear) use.onClear();
      };

      const stream: EventStream = {
        get isClear() {
          return writer.isClear;
        },
        get isOpen() {
          return all.has(stream);
        },
        send: (event, body) => writer.send(event, body),
        end(reason) {
          if (!all.has(stream)) return;
          if (reason) writer.send('end', { reason } satisfies StreamEnd);
          close();
          writer.end();
        },
      };
      all.add(stream);
      out.on('close', close);
      if (out.destroyed) close();
      return stream;
    },

    endAll(reason) {
      for (const stream of all) stream.end(reason);
    },
  };
}

/** @returns why the stream may not go on; undefined: it may. */
async function endReason(reader: Reader, use: StreamUse): Promise<EndReason | undefined> {
  try {
    if (!(await reader.isStillValid())) return 'token-expired';
    if (await reader.rights.areStillHeld()) return undefined;
    return (await use.mayRead()) ? 'reload' : 'right-gone';
  } catch {
    return 'rights-unknown';
  }
}

function writerOf(out: ServerResponse, stuckMs: number, onClear: () => void) {
  let isClear = true;
  const write = (text: string): void => {
    if (out.destroyed || out.writableEnded) return;
    if (out.write(text) || !isClear) return;
    isClear = false;
    const stuck = setTimeout(() => out.destroy(), stuckMs);
    out.once('close', () => clearTimeout(stuck));
    out.once('drain', () => {
      clearTimeout(stuck);
      isClear = true;
      onClear();
    });
  };
  return {
    get isClear() {
      return isClear;
    },
    send: (event: string, body: unknown) =>
      write(`event: ${event}\ndata: ${JSON.stringify(body)}\n\n`),
    /** A client that is busy needs none. */
    ping: () => isClear && write(': ping\n\n'),
    end: () => out.end(),
  };
}
