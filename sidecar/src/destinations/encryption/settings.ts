import { z } from 'zod';
import { AgeError } from '../../archive/age/ageError.ts';
import type { Recipient } from '../../archive/age/keys.ts';
import { parseRecipients, recipientText } from '../../archive/age/keys.ts';
import type { Recipients } from '../../archive/age/wrap.ts';

/** A header has one line for each. */
const MOST_RECIPIENTS = 50;

/** An attacker who has the archives can try passphrases without limit. */
const SHORTEST_PASSPHRASE = 12;

const ageRecipients = z.string().transform((text, context): Recipient[] => {
  const refuse = (message: string) => {
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  };
  try {
    const recipients = parseRecipients(text);
    if (recipients.length === 0) return refuse('has no public key of age');
    if (recipients.length > MOST_RECIPIENTS)
      return refuse(`has more than ${MOST_RECIPIENTS} public keys`);
    return recipients;
  } catch (error) {
    if (!(error instanceof AgeError)) throw error;
    return refuse(`is not valid: ${error.message}`);
  }
});

/** Keys of a Secret of any kind: with one of them its archives are encrypted with age before they leave NKVM. */
export const ENCRYPTION_KEYS = {
  /** Public keys, one on a line; lines that begin with # are comments. */
  ageRecipients: ageRecipients.optional(),
  agePassphrase: z
    .string()
    .min(SHORTEST_PASSPHRASE, `must have at least ${SHORTEST_PASSPHRASE} characters`)
    .max(1_000)
    .optional(),
};

export interface EncryptionSettings {
  ageRecipients?: Recipient[] | undefined;
  agePassphrase?: string | undefined;
}

/** @returns what is wrong with the two together, as a sentence; the format allows nobody beside a passphrase. */
export const contradictionOf = (settings: EncryptionSettings): string | undefined =>
  settings.ageRecipients && settings.agePassphrase !== undefined
    ? 'ageRecipients and agePassphrase exclude each other: age encrypts for public keys or for a passphrase'
    : undefined;

/** @returns whom archives are encrypted for; undefined: they are stored as they are. */
export function recipientsOf({
  ageRecipients: recipients,
  agePassphrase: passphrase,
}: EncryptionSettings): Recipients | undefined {
  if (recipients) return { recipients };
  return passphrase === undefined ? undefined : { passphrase };
}

/** How archives are encrypted at a destination, for people: nothing in it is secret. */
export interface PlaceEncryption {
  /** Public keys, `age1…`. */
  recipients: string[];
  /** The passphrase is in the Secret: whoever can read the Secret can read the archives. */
  hasPassphrase: boolean;
}

export function encryptionOf(settings: EncryptionSettings): PlaceEncryption | null {
  if (!recipientsOf(settings)) return null;
  return {
    recipients: (settings.ageRecipients ?? []).map(recipientText),
    hasPassphrase: settings.agePassphrase !== undefined,
  };
}
