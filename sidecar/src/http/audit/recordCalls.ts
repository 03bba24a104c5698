import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Problem } from '../../../api/index.ts';
import type {
  AuditOutcome,
  AuditTrail,
  AuditWhat,
  BegunChange,
} from '../../history/audit/auditTrail.ts';
import { rateLimit } from '../../observe/tokenBucket.ts';
import type { AuditedAction, TargetWorld } from './auditedActions.ts';
import { AUDITED_ACTIONS } from './auditedActions.ts';
import { actorOf, NO_ACTOR, sourceOf } from './who.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set for calls that are recorded. */
    audited?: AuditedCall;
    /** The problem that this request is answered with. */
    problem?: Problem;
  }
}

/** A call on its way. */
export interface AuditedCall {
  row: AuditedAction;
  what: AuditWhat;
  /** Added by the answer. */
  made: Pick<AuditOutcome, 'runs' | 'detail' | 'reason'>;
  /** The entry before a change. */
  begun?: BegunChange;
  /** The entry with the result is written, or another hook writes it. */
  isEnded: boolean;
}

export interface RecordCalls {
  trail: AuditTrail;
  targets: TargetWorld;
}

/**
 * Callers without a valid token can be anybody, and many: beyond this only their number is recorded, so that they do not
 * push other entries out of the log.
 */
const UNKNOWN_CALLERS = {
  each: { burst: 20, everyMs: 6_000 },
  all: { burst: 60, everyMs: 1_000 },
  tellEveryMs: 60_000,
};

/**
 * Records the calls of a part of the API, as `AUDITED_ACTIONS` says. To be called before its routes are added.
 * @returns a hook that makes the entry before a change, for after the rights that every request needs: it refuses the request
 *   (StageError) where the entry cannot be written
 */
export function recordCalls(
  api: FastifyInstance,
  { trail, targets }: RecordCalls,
  limits = UNKNOWN_CALLERS
): (request: FastifyRequest) => Promise<void> {
  const mayRecord = rateLimit(limits.each, limits.all, () => performance.now());
  let untold = 0;
  const tellUntold = async (): Promise<void> => {
    if (untold === 0) return;
    const repeated = untold;
    untold = 0;
    await trail.record(
      { action: 'call.unauthenticated', actor: NO_ACTOR },
      { result: 'refused', detail: 'calls without a valid token, too many for entries', repeated }
    );
  };
  const telling = setInterval(() => void tellUntold(), limits.tellEveryMs).unref();
  api.addHook('onClose', async () => {
    clearInterval(telling);
    await tellUntold();
  });

  // Routes of the downloads know their caller only later.
  api.addHook('onRequest', async request => {
    const row = rowOf(request);
    if (!row) return;
    const from = sourceOf(request.socket.remoteAddress, request.headers['x-forwarded-for']);
    request.audited = {
      ...{ row, made: {}, isEnded: false },
      what: { action: row.action, actor: NO_ACTOR, from },
    };
  });

  // The request is valid by now: before that, its texts can be anything.
  api.addHook('preHandler', async request => {
    const call = request.audited;
    if (!call) return;
    call.what = {
      ...call.what,
      actor: actorOfRequest(request),
      ...call.row.target?.(request as never, targets),
    };
  });

  api.addHook('preSerialization', async (request, _reply, payload) => {
    const call = request.audited;
    if (call?.row.outcome) call.made = call.row.outcome(payload);
    return payload;
  });

  // Before the answer leaves.
  api.addHook('onSend', async (request, reply) => {
    const call = request.audited;
    if (!call || call.isEnded) return;
    call.isEnded = true;
    const outcome = outcomeOf(request, reply, call);
    if (call.begun) return void (await call.begun.end(outcome));
    const what = { ...call.what, actor: actorOfRequest(request) };
    if (what.actor.kind === 'unknown' && !mayRecord(`${what.from?.peer} ${what.from?.client}`)) {
      untold += 1;
      return;
    }
    await trail.record(what, outcome);
  });

  return async ({ audited: call }) => {
    if (call?.row.kind === 'change') call.begun = await trail.begin(call.what);
  };
}

/** Names what a call is about, and its caller, where only the handler knows. */
export function setTarget(request: FastifyRequest, target: Partial<AuditWhat>): void {
  const call = request.audited;
  if (call) call.what = { ...call.what, ...target, actor: actorOfRequest(request) };
}

/**
 * Records a download: before its first byte leaves, and how it has ended. To be called by its handler after
 * `setTarget`; an answer that is sent in the usual way is recorded like all others.
 */
export async function recordDownload(
  request: FastifyRequest,
  reply: FastifyReply,
  trail: AuditTrail
): Promise<void> {
  const call = request.audited;
  if (!call) return;
  const { what } = call;
  // A person who needs the data of a backup is not kept from it by a full disk: what cannot be written is in the log.
  const begun = await trail.begin(what).catch(() => undefined);
  if (begun) call.begun = begun;
  reply.raw.once('close', () => {
    if (call.isEnded) return;
    call.isEnded = true;
    const outcome: AuditOutcome = reply.raw.writableFinished
      ? { result: 'success', status: 200 }
      : { result: 'failed', status: 200, reason: 'DownloadInterrupted' };
    void (begun ? begun.end(outcome) : trail.record(what, outcome));
  });
}

function rowOf({ method, routeOptions: { url } }: FastifyRequest): AuditedAction | undefined {
  const row = AUDITED_ACTIONS[`${method} ${url}`];
  return row && 'action' in row ? row : undefined;
}

/** A token that the API server did not know has no owner. */
const actorOfRequest = ({ caller }: Partial<Pick<FastifyRequest, 'caller'>>) =>
  caller ? actorOf(caller) : NO_ACTOR;

function outcomeOf(
  { problem }: FastifyRequest,
  { statusCode: status }: FastifyReply,
  { made, what }: AuditedCall
): AuditOutcome {
  if (status < 400) {
    const detail = [what.detail, made.detail].filter(Boolean).join('; ') || null;
    return { ...made, result: 'allowed', status, detail };
  }
  return {
    ...{ result: status < 500 ? 'refused' : 'failed', status, reason: problem?.reason ?? null },
    // It names the missing right. Details of other problems can hold texts of the request.
    detail: status === 403 ? problem?.detail ?? null : what.detail ?? null,
  };
}
