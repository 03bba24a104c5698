import { z } from 'zod';

const number = z.int().min(1).max(10_000);
const bytes = z.int().min(0);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
/** 32 bytes in base64, as S3 writes them. */
const checksum = z.string().regex(/^[A-Za-z0-9+/]{43}=$/);
const digest = z.strictObject({ bytes, sha256 });
const text = z.string().max(1000);

/** A line of the program in the helper pod that sends an archive to the storage (pack/direct.cjs). */
export const Message = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('want'), number, bytes, sha256: checksum }),
  z.strictObject({ type: z.literal('sent'), number }).describe('the storage has answered 200'),
  z.strictObject({ type: z.literal('begun'), number }).describe('asks whether it may go on'),
  z.strictObject({ type: z.literal('progress'), bytes }),
  z.strictObject({ type: z.literal('end'), archive: digest, stored: digest, parts: number }),
  z
    .strictObject({ type: z.literal('otherwise'), why: text })
    .describe('the archive itself follows'),
  z.strictObject({ type: z.literal('failed'), status: z.int(), code: text, message: text }),
]);
export type Message = z.infer<typeof Message>;

/** @returns undefined for anything else. */
export function readMessage(line: string): Message | undefined {
  try {
    return Message.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
