import http from 'node:http';
import https from 'node:https';
import { json } from 'node:stream/consumers';
import type { Credentials } from '../browser/host/forward.ts';

const LIMIT_MS = 10_000;

/** @returns how to post JSON to an API server, with somebody's credentials. It throws what the connection threw. */
export const postTo =
  (url: string, credentials: Credentials) =>
  async (path: string, body: object): Promise<{ status: number; body: object }> => {
    const { headers, ...options } = await credentials();
    const text = JSON.stringify(body);
    return await new Promise((resolve, reject) => {
      const request = (url.startsWith('https:') ? https : http).request(url + path, {
        ...options,
        method: 'POST',
        signal: AbortSignal.timeout(LIMIT_MS),
        headers: {
          ...(headers as http.OutgoingHttpHeaders),
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(text),
        },
      });
      request.on('error', reject);
      request.on('response', answer => {
        const status = answer.statusCode ?? 502;
        json(answer).then(found => resolve({ status, body: found as object }), reject);
      });
      request.end(text);
    });
  };
