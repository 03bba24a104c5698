import type { Digest } from '../archive/digest.ts';

/**
 * Archives that do not pass through this process: a helper pod sends them to the storage, or reads them there, with requests
 * that the destination signs. The pod gets no credential. A request that sends is bound to one part of one upload, to its size
 * and its SHA-256; one that reads is bound to one file. Both expire within minutes.
 */

/** The archive takes another way: nothing of it was stored or read. The text says why, as the end of a sentence. */
export interface Otherwise {
  otherwise: string;
}

/** The server as a helper connects to it. It has no credential in it. */
export interface DirectServer {
  host: string;
  port: number;
  isTls: boolean;
  /** PEM. Given, no other authority is trusted. */
  caBundle?: string | undefined;
  /** The certificate is not checked, as the Secret says. */
  insecure: boolean;
  /** Addresses of the host that NKVM has checked; the helper connects to no other. */
  addresses: readonly Address[];
}

/** Everything that a helper must know to send an archive, besides the signed requests. */
export interface DirectTerms extends DirectServer {
  /** Parts from this number on have so many bytes, except for the last of the archive; in the order of the numbers. */
  partSizes: readonly { from: number; bytes: number }[];
  /** The biggest part of an archive that is not bigger than expected: the helper must have room for it. */
  expectedPart: number;
  maxParts: number;
  /** The archive is encrypted by its sender; absent: it is stored as it is. */
  age?: AgeTerms | undefined;
}

export interface Address {
  address: string;
  family: number;
}

/** All that it takes to encrypt one file in the format age v1. It opens this file, and no other. */
export interface AgeTerms {
  /** The header of the file and the nonce of its payload, in base64. */
  begin: string;
  /** The key of the payload, in base64. */
  key: string;
}

/** A part as its sender asks to send it. */
export interface DirectPart {
  /** From 1. */
  number: number;
  bytes: number;
  /** In base64, as S3 writes it. */
  sha256: string;
}

/** A request that the sender may make once or more, always with the same bytes. */
export interface SignedRequest {
  /** With its query. */
  path: string;
  headers: Readonly<Record<string, string>>;
  /** See `DirectTerms`: they may have changed since. */
  addresses: readonly Address[];
}

/** The account of the sender when it has sent all parts. The storage is asked as well. */
export interface DirectSent {
  parts: readonly DirectPart[];
  /** The file that is stored. */
  stored: Digest;
  /** The archive. Another digest than `stored` where it is encrypted. */
  archive: Digest;
}

/** The destination's side of an upload under way. */
export interface DirectUpload {
  /** @returns a request for a part; `Otherwise` only for the first. @throws StageError */
  sign(part: DirectPart): Promise<SignedRequest | Otherwise>;
  /** Is asked when the first part was sent. @returns undefined when the storage holds it. @throws StageError */
  begun(part: DirectPart): Promise<Otherwise | undefined>;
}

/** A sender of an archive, e.g. a helper pod. */
export interface DirectSender {
  /**
   * Sends the archive. `Otherwise` is possible until the first part is stored.
   * @throws StageError when it breaks off
   */
  send(
    terms: DirectTerms,
    upload: DirectUpload,
    signal?: AbortSignal
  ): Promise<DirectSent | Otherwise>;
}

/** A file at the storage, as a helper reads it. */
export interface DirectFile {
  /** Of the file as it is stored. */
  bytes: number;
  /** The file is encrypted: where its chunks begin, and their key in base64, which opens this file and no other. */
  age?: { begin: number; key: string } | undefined;
}

/** Files that a helper may read at the storage. */
export interface DirectReads {
  server: DirectServer;
  files: readonly DirectFile[];
  /**
   * @param at position in `files`
   * @returns a request that reads all of that file, or parts of it, until it expires
   * @throws StageError (stage `checksum`)
   */
  sign(at: number, signal?: AbortSignal): Promise<SignedRequest>;
}

export const isOtherwise = (answer: object | undefined): answer is Otherwise =>
  answer !== undefined && 'otherwise' in answer;
