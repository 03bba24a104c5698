import { mkdirSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Destination } from '../../sidecar/src/destinations/destination.ts';
import { s3Destination } from '../../sidecar/src/destinations/s3/s3.ts';
import { S3Settings } from '../../sidecar/src/destinations/s3/settings.ts';
import { limited } from '../../sidecar/src/destinations/wrap/limited.ts';
import {
  populateWorld,
  storeBackup,
  waitingClaim,
} from '../../sidecar/src/testing/policy/populateWorld.ts';
import type { S3Server } from '../servers/s3Server.ts';
import { startVersitygw, versitygwMissing } from '../servers/versitygw.ts';

/** What the storage does with a listing. */
type Fault =
  | 'well'
  | 'denies' // 403
  | 'fails' // 500
  | 'hangs'
  | 'fails at the second page'
  | 'cuts the answer' // half of the XML, with a length that fits
  | 'hides the second page'; // it says that there is more, and not where

let fault: Fault = 'well';

/** A proxy in front of the server, for plain HTTP. Signatures stay valid: it passes the headers as they are. */
async function startProxy(to: S3Server) {
  const target = new URL(to.endpoint);
  const hung = new Set<ServerResponse>();
  const proxy = createServer((incoming, outgoing) => {
    const isListing = incoming.method === 'GET' && /[?&]list-type=2/.test(incoming.url ?? '');
    if (!isListing || fault === 'well') return pass(incoming, outgoing);
    const isSecond = (incoming.url ?? '').includes('continuation-token');
    const refuse = (status: number, code: string) =>
      outgoing
        .writeHead(status, { 'content-type': 'application/xml' })
        .end(`<Error><Code>${code}</Code><Message>${code}</Message></Error>`);
    switch (fault) {
      case 'denies':
        return refuse(403, 'AccessDenied');
      case 'fails':
        return refuse(500, 'InternalError');
      case 'hangs':
        return hung.add(outgoing);
      case 'fails at the second page':
        return isSecond ? refuse(500, 'InternalError') : pass(incoming, outgoing);
      case 'cuts the answer':
        return pass(incoming, outgoing, body => body.subarray(0, body.length / 2));
      case 'hides the second page':
        return pass(incoming, outgoing, body =>
          Buffer.from(
            body.toString('utf8').replace(/<NextContinuationToken>.*?<\/NextContinuationToken>/, '')
          )
        );
    }
  });
  function pass(
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    change?: (body: Buffer) => Buffer
  ) {
    const { method, url, headers } = incoming;
    const onward = request({
      host: target.hostname,
      port: target.port,
      method,
      path: url,
      headers,
    });
    onward.on('error', () => outgoing.destroy());
    onward.on('response', answer => {
      if (!change) {
        answer.pipe(outgoing.writeHead(answer.statusCode ?? 500, answer.headers));
        return;
      }
      void buffer(answer).then(body => {
        const changed = change(body);
        const headers = { ...answer.headers, 'content-length': String(changed.length) };
        outgoing.writeHead(answer.statusCode ?? 500, headers).end(changed);
      });
    });
    incoming.pipe(onward);
  }
  await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    stop() {
      proxy.closeAllConnections();
      proxy.close();
    },
  };
}

const decide = (destinations: Destination[], start?: string) =>
  populateWorld(destinations, { limitMs: 20_000 }).decisionFor(
    waitingClaim(start === undefined ? {} : { policyNotes: { 'nkvm.io/start': start } }),
    { signal: new AbortController().signal }
  );

/** Calls are cut off after two seconds here. */
const opened = (endpoint: string, server: Record<string, string>) => {
  const settings = S3Settings.parse({ ...server, endpoint });
  const own = { name: 'offsite', installation: '0123456789abcdef' };
  const destination = limited(s3Destination(settings, own, { stallMs: 1_000 }), 2_000);
  onTestFinished(() => destination.close());
  return destination;
};

describe.skipIf(versitygwMissing)(versitygwMissing ?? 'a claim that waits, and S3', () => {
  let server: Awaited<ReturnType<typeof startVersitygw>>;
  let proxy: Awaited<ReturnType<typeof startProxy>>;
  let bucket: string;

  beforeAll(async () => {
    server = await startVersitygw();
    proxy = await startProxy(server);
  });
  afterAll(async () => {
    proxy.stop();
    await server.stop();
  });
  beforeEach(async () => {
    fault = 'well';
    bucket = await server.makeBucket();
  });
  const offsite = () => opened(proxy.endpoint, server.settings(bucket));
  /** So many that they are not on the page of the others: their names come before. */
  const fill = () => {
    const dir = join(server.files, bucket);
    mkdirSync(dir, { recursive: true });
    for (let at = 0; at < 1_100; at += 1) writeFileSync(join(dir, `aaa-${at}`), '');
  };

  it('starts empty where the bucket is empty, and is restored where it is not', async () => {
    expect(await decide([offsite()])).toMatchObject({ kind: 'empty' });
    const { runId } = await storeBackup(offsite());
    expect(await decide([offsite()])).toMatchObject({ candidate: { backup: runId } });
  });

  it.each<[Fault, boolean]>([
    ['denies', false],
    ['fails', false],
    ['hangs', false],
    ['fails at the second page', true],
    ['cuts the answer', false],
    ['cuts the answer', true],
    ['hides the second page', true],
  ])(
    'waits where the storage %s (more than a page: %s), and is restored afterwards',
    async (how, isFull) => {
      if (isFull) fill();
      const destination = offsite();
      const { runId } = await storeBackup(destination);
      fault = how;
      const first = await decide([destination]);
      expect(first).toMatchObject({ kind: 'wait', reason: 'BackupsNotListed' });
      fault = 'well';
      expect(await decide([destination])).toMatchObject({
        kind: 'restore',
        candidate: { backup: runId },
      });
    }
  );

  it('waits as well where the bucket may be empty', async () => {
    fault = 'fails';
    expect(await decide([offsite()])).toMatchObject({ kind: 'wait' });
    fault = 'denies';
    expect(await decide([offsite()])).toMatchObject({ kind: 'wait' });
    expect(await decide([offsite()], 'empty')).toMatchObject({ kind: 'empty' });
  });

  it('waits where the bucket does not exist', async () => {
    const missing = opened(proxy.endpoint, {
      ...server.settings(bucket),
      bucket: 'no-such-bucket',
    });
    expect(await decide([missing])).toMatchObject({ kind: 'wait', reason: 'BackupsNotListed' });
  });

  it('waits where the credentials are wrong', async () => {
    const wrong = { ...server.settings(bucket), secretAccessKey: 'wrong-secret' };
    expect(await decide([opened(proxy.endpoint, wrong)])).toMatchObject({ kind: 'wait' });
  });

  it('waits where the name of the server is not known', async () => {
    const nowhere = opened('http://no-such-host.invalid:9000', server.settings(bucket));
    expect(await decide([nowhere])).toMatchObject({ kind: 'wait', reason: 'BackupsNotListed' });
  });

  it('waits where the server is gone', async () => {
    const nobody = opened('http://127.0.0.1:1', server.settings(bucket));
    expect(await decide([nobody])).toMatchObject({ kind: 'wait', reason: 'BackupsNotListed' });
  });
});
