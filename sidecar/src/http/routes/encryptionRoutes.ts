import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import {
  DestinationLock,
  DestinationName,
  Problem,
  RecoveryKit,
  UnlockDestination,
} from '../../../api/index.ts';
import { AgeError } from '../../archive/age/ageError.ts';
import { parseIdentities, recipientText } from '../../archive/age/keys.ts';
import type { Keys } from '../../archive/age/wrap.ts';
import { recoveryKit } from '../../destinations/encryption/recoveryKit.ts';
import type { PlaceEncryption } from '../../destinations/encryption/settings.ts';
import type { WatchedPlaces } from '../../destinations/places/watchPlaces.ts';
import { Refusal } from '../entry/problems.ts';
import { inNkvm } from '../rights/declared.ts';

export interface EncryptionRoutes {
  places: Pick<WatchedPlaces, 'get' | 'status' | 'keys'>;
  installation: { namespace: string; cluster: string };
}

const Params = z.strictObject({ name: DestinationName });

const UPDATE = inNkvm('update', 'destinations', { param: 'name' });

/** Keys that open encrypted archives, and what people need to do without NKVM. */
export const encryptionRoutes =
  ({ places, installation }: EncryptionRoutes): FastifyPluginAsyncZod =>
  async app => {
    const placeOf = (name: string) => {
      const place = places.get(name);
      if (place) return place;
      throw new Refusal(
        404,
        'DestinationNotFound',
        `there is no destination ${name}`,
        'GET /api/v1/destinations lists all destinations'
      );
    };
    const lockOf = (name: string): DestinationLock => ({
      isUnlocked:
        places.keys.isUnlocked(name) || places.status(name)?.encryption?.hasPassphrase === true,
    });

    app.post(
      '/destinations/:name/unlock',
      {
        config: { rights: { needs: [UPDATE] } },
        schema: {
          summary: 'Give a key that reads encrypted archives',
          description:
            'NKVM keeps it in memory until it stops, the destination is locked, or its Secret is deleted.',
          params: Params,
          body: UnlockDestination,
          response: { 200: DestinationLock, default: Problem },
        },
      },
      async ({ params: { name }, body }) => {
        placeOf(name);
        const encryption = places.status(name)?.encryption ?? null;
        places.keys.unlock(name, keysOf(name, encryption, body));
        return lockOf(name);
      }
    );

    app.post(
      '/destinations/:name/lock',
      {
        config: { rights: { needs: [UPDATE] } },
        schema: {
          summary: 'Forget the keys that read encrypted archives',
          params: Params,
          response: { 200: DestinationLock, default: Problem },
        },
      },
      async ({ params: { name } }) => {
        placeOf(name);
        places.keys.lock(name);
        return lockOf(name);
      }
    );

    app.get(
      '/destinations/:name/recovery-kit',
      {
        config: { rights: { needs: [inNkvm('get', 'destinations', { param: 'name' })] } },
        schema: {
          summary:
            'Recovery kit: everything to read the archives without NKVM, except the secret key',
          description: 'It has no secret key in it: add that, and keep it outside of the cluster.',
          params: Params,
          response: { 200: RecoveryKit, default: Problem },
        },
      },
      async ({ params: { name } }) => {
        const { kind, location } = placeOf(name);
        const encryption = places.status(name)?.encryption ?? null;
        const clusterName = installation.cluster;
        const text = recoveryKit({ name, kind, location, encryption, clusterName });
        return { text, fileName: `nkvm-recovery-kit-${name}.txt` };
      }
    );
  };

/** @throws Refusal when these keys open nothing that is stored there now, unless that is what the caller wants */
function keysOf(
  name: string,
  encryption: PlaceEncryption | null,
  { identity, passphrase, isEarlier = false }: UnlockDestination
): Keys {
  if (!encryption && !isEarlier) {
    throw new Refusal(
      409,
      'NotEncrypted',
      `destination ${name} does not encrypt archives`,
      'for archives of earlier settings, say isEarlier: true'
    );
  }
  const identities = identity === undefined ? [] : identitiesOf(identity);
  const passphrases = passphrase === undefined ? [] : [passphrase];
  const isOfNow =
    identities.some(each => encryption?.recipients.includes(recipientText(each))) ||
    (passphrases.length > 0 && encryption?.hasPassphrase === true);
  if (isOfNow || isEarlier) return { identities, passphrases };
  throw new Refusal(
    422,
    'NoMatchingKey',
    `archives at destination ${name} are not encrypted for this key`,
    'give the secret key of one of its ageRecipients; for archives of earlier keys, say isEarlier: true'
  );
}

function identitiesOf(text: string): Keys['identities'] {
  const refuse = (why: string, cause?: unknown) =>
    Object.assign(
      new Refusal(422, 'AgeKeyInvalid', `identity: ${why}`, 'give what age-keygen has written'),
      { cause }
    );
  try {
    const identities = parseIdentities(text);
    if (identities.length > 0) return identities;
  } catch (error) {
    if (!(error instanceof AgeError)) throw error;
    throw refuse(error.message, error);
  }
  throw refuse('it has no secret key of age (AGE-SECRET-KEY-1…)');
}
