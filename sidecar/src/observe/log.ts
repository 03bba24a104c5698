import type { DestinationStream, Logger, LoggerOptions } from 'pino';
import { pino } from 'pino';

/** A JSON Web Token, as every token of a ServiceAccount is one; and whatever stands behind `Bearer`. */
const SECRETS = /\beyJ[\w-]+\.[\w-]+\.[\w-]*|(?<=\bbearer\s+)[\w.~+/-]+=*/gi;

/**
 * The log: one JSON object a line, on standard output. A line on a run has `run`, `namespace` and `pvc`.
 *
 * Nobody logs a token on purpose. An error of a library may carry what was asked of it: of errors there are the name,
 * the message and the stack alone, and what looks like a token is struck out wherever it stands.
 */
export const createLog = (level: LoggerOptions['level'], to?: DestinationStream): Logger =>
  pino(
    {
      level,
      base: undefined,
      serializers: { err: errorFields },
      hooks: { streamWrite: line => line.replace(SECRETS, '[token]') },
    },
    ...(to ? [to] : [])
  );

const errorFields = (error: unknown): object =>
  error instanceof Error
    ? { type: error.name, message: error.message, stack: error.stack }
    : { message: String(error) };
