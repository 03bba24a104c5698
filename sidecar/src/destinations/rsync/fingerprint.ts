import { createHash } from 'node:crypto';

/** @param key `type base64` @returns what `ssh-keygen -l` shows */
export const fingerprintOf = (key: string): string =>
  `SHA256:${createHash('sha256')
    .update(Buffer.from(key.split(' ')[1] ?? '', 'base64'))
    .digest('base64')
    .replace(/=+$/, '')}`;
