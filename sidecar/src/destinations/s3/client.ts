import type { S3 } from '@aws-sdk/client-s3';
import type { NodeHttpHandler } from '@smithy/node-http-handler';
import { agentsAllowed } from '../trust/connect.ts';
import type { Attempt, Where } from './errors.ts';
import { s3Error } from './errors.ts';
import type { S3Settings } from './settings.ts';
import { serverOf } from './settings.ts';

/** Options of the SDK besides the input of a request. */
export interface Options {
  abortSignal?: AbortSignal;
}

/** The SDK with our rules: connections through `trust/`, bounded tries, StageErrors. */
export interface Client {
  readonly where: Where;
  /** @throws StageError, or the reason of the attempt's signal */
  call<T>(attempt: Attempt, run: (s3: S3, options: Options) => Promise<T>): Promise<T>;
  /** The same for a caller that looks at an error first: it is thrown as the SDK has it. */
  raw<T>(attempt: Attempt, run: (s3: S3, options: Options) => Promise<T>): Promise<T>;
  /** @returns what `call` throws for an error of `raw`. */
  wordsOf(error: unknown, attempt: Attempt): Error;
  close(): Promise<void>;
}

export interface ClientOptions {
  name: string;
  settings: S3Settings;
  /** How long a connection may stay without a byte while an answer is awaited. */
  stallMs?: number;
}

const STALL_MS = 60_000;
const CONNECT_MS = 15_000;
/** The server puts thousands of parts together before it answers a completion. */
const COMPLETION_MS = 10 * 60_000;
/** The SDK waits 0.1 to 20 s between tries; the run as a whole is tried again later. */
const ATTEMPTS = 3;
const SOCKETS = 64;

/** Opens no connection, and loads the SDK (0.1 s, 30 MiB) only when it is first used. */
export function s3Client({ name, settings, stallMs = STALL_MS }: ClientOptions): Client {
  const { host, port } = serverOf(settings);
  const where: Where = { name, bucket: settings.bucket, region: settings.region, host, port };
  const agents = agentsAllowed(settings, { keepAlive: true, maxSockets: SOCKETS });
  let opened: Promise<S3> | undefined;
  let isClosed = false;

  async function open(): Promise<S3> {
    const { S3, NodeHttpHandler } = await import('./sdk.ts');
    const handler = (options: { socketTimeout?: number; requestTimeout?: number }) =>
      new NodeHttpHandler({
        ...agents,
        connectionTimeout: CONNECT_MS,
        throwOnRequestTimeout: true,
        ...options,
      });
    const handlers: Handlers = {
      upload: handler({ socketTimeout: stallMs }),
      // A reader may pause for as long as it likes, so that only the answer has a limit.
      download: handler({ requestTimeout: stallMs }),
      completion: handler({ socketTimeout: COMPLETION_MS }),
    };
    const s3 = new S3({
      region: settings.region,
      ...(settings.endpoint
        ? { endpoint: settings.endpoint }
        : { ignoreConfiguredEndpointUrls: true }),
      forcePathStyle: settings.forcePathStyle,
      credentials: {
        accessKeyId: settings.accessKeyId,
        secretAccessKey: settings.secretAccessKey,
      },
      requestHandler: byPurpose(handlers) as unknown as NodeHttpHandler,
      maxAttempts: ATTEMPTS,
      retryMode: 'standard',
      // Checksums are sent as headers, where they are wanted: never as trailers of a chunked body, which some servers
      // store as if it were data.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      // A request that waits for "100 Continue" gets a connection outside of the agents above.
      expectContinueHeader: false,
      followRegionRedirects: false,
      disableS3ExpressSessionAuth: true,
    });
    s3.middlewareStack.add(signWithChecksum, { step: 'build', name: 'signWithChecksum' });
    return s3;
  }

  const raw: Client['raw'] = async ({ signal }, run) => {
    signal?.throwIfAborted();
    if (isClosed) throw new Error(`destination ${name} is closed`);
    return await run(await (opened ??= open()), signal ? { abortSignal: signal } : {});
  };

  return {
    where,
    raw,
    async call(attempt, run) {
      try {
        return await raw(attempt, run);
      } catch (error) {
        throw s3Error(error, attempt, where);
      }
    },
    wordsOf: (error, attempt) => s3Error(error, attempt, where),
    async close() {
      isClosed = true;
      agents.httpAgent.destroy();
      agents.httpsAgent.destroy();
      (await opened)?.destroy();
    },
  };
}

type Handlers = Record<'upload' | 'download' | 'completion', NodeHttpHandler>;

/** @returns a handler with the limits that fit each request. */
const byPurpose = ({ upload, download, completion }: Handlers) => ({
  metadata: upload.metadata,
  handle: (...[request, options]: Parameters<NodeHttpHandler['handle']>) => {
    const isDownload = request.method === 'GET' && request.query?.['x-id'] === 'GetObject';
    const isCompletion = request.method === 'POST' && 'uploadId' in (request.query ?? {});
    const handler = isDownload ? download : isCompletion ? completion : upload;
    return handler.handle(request, options);
  },
  updateHttpClientConfig: () => undefined,
  httpHandlerConfigs: () => ({}),
  destroy: () => [upload, download, completion].forEach(handler => handler.destroy()),
});

interface Built {
  request: unknown;
}

/** S3's signature needs the SHA-256 of the body. Where it is in a header already, it is not computed again. */
const signWithChecksum =
  <In extends Built, Out>(next: (args: In) => Promise<Out>) =>
  (args: In): Promise<Out> => {
    const { headers } = args.request as { headers: Record<string, string> };
    const checksum = headers['x-amz-checksum-sha256'];
    if (checksum && args.request && isBody(args.request))
      headers['x-amz-content-sha256'] = Buffer.from(checksum, 'base64').toString('hex');
    return next(args);
  };

/** A completion carries the checksum of the object, not that of its own body. */
const isBody = (request: object): boolean => (request as { method?: string }).method === 'PUT';
