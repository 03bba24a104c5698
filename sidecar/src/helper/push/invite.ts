import { program } from '../program.ts';
import type { Route } from '../transport.ts';
import type { PushListener } from './listener.ts';

/** The beginning of programs in helper pods that open a connection to NKVM; it defines `connect`. */
export const CONNECT = program('connect.cjs', '//');

export const pushRoute = ({ where }: Pick<PushListener, 'where'>): Route => ({
  transport: 'push',
  transportReason: `the helper pod reached NKVM at ${where}`,
});

/** @param why the helper pod did not reach it */
export const overExec = ({ where }: Pick<PushListener, 'where'>, why: string): Route => ({
  transport: 'exec',
  transportReason: `the helper pod could not push to ${where}: ${why}`,
});

/** Why the next attempt of a run does not push. */
export const BROKE_BEFORE = 'the connection of the helper pod to NKVM broke in the attempt before';
