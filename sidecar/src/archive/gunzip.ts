import type { Gunzip } from 'node:zlib';
import { createGunzip } from 'node:zlib';

/** Bytes that gunzip gives in one piece. Its default of 16 KiB takes 1.7 times the CPU. */
const PIECE_BYTES = 256 * 1024;

/** @returns a stage of a pipeline that unpacks gzip, of any number of members. */
export const gunzipping = (): Gunzip => createGunzip({ chunkSize: PIECE_BYTES });
