import { Refusal } from './problems.ts';

/** Limits on the part of a request that comes before its body. Node's own are lower, or none. */
export const EARLY_LIMITS = {
  /**
   * Bytes of the request line and all headers. Proxies that log people in split a session over several cookies of 4 KiB, and
   * a token may have 16 KiB.
   */
  headerBytes: 128 * 1024,
  /** Characters of the path and the query: a path of 4,096 bytes in an archive has up to 24 KiB, percent-encoded. */
  urlLength: 32 * 1024,
  /** Until all headers have arrived. */
  headersMs: 60_000,
};

/** Node's error for a request that it could not read. */
export interface ParserError {
  /** `HPE_…` of the parser (llhttp), or `ERR_HTTP_REQUEST_TIMEOUT`. */
  code?: string;
  /** The parser's words. */
  reason?: string;
}

/**
 * @param isHttps whether the port takes HTTPS and nothing else
 * @returns the problem of a request that no handler can see, because its headers could not be read.
 */
export function refusalOfParser({ code, reason }: ParserError, isHttps: boolean): Refusal {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new Refusal(
        431,
        'HeadersTooBig',
        `the request line and the headers are larger than ${EARLY_LIMITS.headerBytes / 1024} KiB`,
        'send fewer or shorter cookies and headers; NKVM needs none of the cookies'
      );
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new Refusal(
        413,
        'BodyTooBig',
        'the chunk extensions of the request body are larger than 16 KiB',
        'send the body without chunk extensions'
      );
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new Refusal(
        408,
        'RequestTimeout',
        `the headers of the request did not arrive within ${EARLY_LIMITS.headersMs / 1000} s`,
        'send the request again'
      );
    default:
      return new Refusal(
        400,
        'MalformedRequest',
        `the request is not valid HTTP/1.1: ${reason ?? code ?? 'it cannot be parsed'}`,
        isHttps
          ? 'send a valid request'
          : 'send a valid request; this port of NKVM takes plain HTTP, not HTTPS'
      );
  }
}

/** The beginning of a request, as far as it is judged before any handler. */
export interface Beginning {
  url: string;
  httpVersion: string;
  host: string | undefined;
}

/** @returns why no handler may see this request; undefined: one may. */
export function refusalOfBeginning({ url, httpVersion, host }: Beginning): Refusal | undefined {
  if (url.length > EARLY_LIMITS.urlLength) {
    return new Refusal(
      414,
      'UrlTooLong',
      `the URL of the request has ${url.length} characters, and no more than ${EARLY_LIMITS.urlLength} are read`,
      'shorten the query'
    );
  }
  if (httpVersion === '1.1' && host === undefined) {
    return new Refusal(
      400,
      'MalformedRequest',
      'the request has no Host header, which HTTP/1.1 requires',
      'send the header Host'
    );
  }
  return undefined;
}

/** @returns the problem of a header `Expect` that says something else than `100-continue`. */
export const expectationUnknown = (expect: string | undefined): Refusal =>
  new Refusal(
    417,
    'ExpectationUnknown',
    `the header Expect is ${JSON.stringify(expect ?? '').slice(
      0,
      100
    )}, and NKVM knows only 100-continue`,
    'send the request without this header'
  );

/** @returns the problem of a connection for which there is no room. */
export const tooManyConnections = (): Refusal =>
  new Refusal(
    503,
    'TooManyConnections',
    'too many connections to NKVM are open',
    'close those that are not needed, or try again in a few seconds'
  );

/** @returns the problem of a `CONNECT` request. */
export const noTunnel = (): Refusal =>
  new Refusal(
    405,
    'MethodNotAllowed',
    'NKVM is not a proxy: it has no CONNECT',
    'use GET or POST',
    {
      allow: 'DELETE, GET, POST, PUT',
    }
  );
