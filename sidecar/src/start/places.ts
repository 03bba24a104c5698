import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { KEEP_ANNOTATION } from '../../api/index.ts';
import type { Gateway } from '../cluster/gateway/gateway.ts';
import { watchDestinationSecrets } from '../cluster/inventory/destinationSecrets.ts';
import type { Config } from '../config.ts';
import type { Destination } from '../destinations/destination.ts';
import { localDestination } from '../destinations/directory/local.ts';
import { KINDS } from '../destinations/kinds.ts';
import type { Place } from '../destinations/places.ts';
import type { WatchedPlaces } from '../destinations/places/watchPlaces.ts';
import { watchPlaces } from '../destinations/places/watchPlaces.ts';
import type { Reading } from '../destinations/read/reading.ts';
import { readingOf } from '../destinations/read/reading.ts';
import { fenced } from '../destinations/wrap/fenced.ts';
import { limited } from '../destinations/wrap/limited.ts';
import type { Fence } from '../fence.ts';
import type { Log } from '../log.ts';
import { within } from '../within.ts';
import type { Lifecycle } from './lifecycle.ts';

export interface PlacesStart {
  life: Lifecycle;
  config: Config;
  log: Log;
  gateway: Pick<Gateway, 'json' | 'stream'>;
  fence: Fence;
  installation: string;
  /** How long a call to a destination may take, streams apart. */
  limitMs: number;
}

/** The destinations that are configured, and the one that always is. */
export type StartedPlaces = WatchedPlaces & {
  /** The directory of the settings. */
  local: Destination;
  /** @returns the annotation `nkvm.io/keep` of the Secret of a destination. */
  keepOf(name: string): string | undefined;
  /** Whether somebody reads an archive, or did so not long ago. */
  isRead: Reading['isRead'];
};

/**
 * Starts the destinations: the directory of the settings, and those of the Secrets in the namespace of NKVM. They are known
 * when the promise resolves, unless the API server refuses to list them: which of them is the default must not be guessed.
 */
export async function startPlaces(start: PlacesStart): Promise<StartedPlaces> {
  const { life, config, log, gateway, fence, installation, limitMs } = start;
  const { backupDir, metadataDbPath, namespace } = config;
  const secrets = await life.start({
    name: 'the Secrets of destinations',
    async start(signal, say) {
      say('the Secrets of destinations are not known yet');
      const watched = watchDestinationSecrets(gateway, { namespace, log });
      await within(signal, watched.firstAnswer).catch(async error => {
        await watched.stop();
        throw error;
      });
      return watched;
    },
    stop: watched => watched.stop(),
  });
  // Files that an earlier process was about to send when it ended.
  const workDir = join(backupDir, `.work-nkvm-${installation}`);
  await rm(workDir, { recursive: true, force: true });
  const places = await life.start({
    name: 'the destinations',
    start: () =>
      watchPlaces({
        local: limited(fenced(localDestination(backupDir, { installation }), fence), limitMs),
        ...{ secrets, kinds: KINDS, installation, workDir, fence, limitMs, log },
        ownDirs: [backupDir, dirname(metadataDbPath)],
        floorBytes: config.minFreeBytes,
      }),
    stop: opened => opened.close(),
  });
  const local = places.get('local');
  if (!local) throw new Error('there is no local destination');
  const reading = readingOf();
  const counted = new WeakMap<Place, Place>();
  /** The place, with the streams of its destination counted. */
  const withReaders = (place: Place): Place => {
    const known = counted.get(place);
    if (known) return known;
    const one = Object.create(place, {
      use: { value: () => reading.of(place.use()) },
    }) as Place;
    counted.set(place, one);
    return one;
  };
  return {
    ...places,
    all: () => places.all().map(withReaders),
    get(name) {
      const place = places.get(name);
      return place && withReaders(place);
    },
    local: withReaders(local).use(),
    keepOf: name =>
      secrets.all().find(secret => secret.name === name)?.annotations[KEEP_ANNOTATION],
    isRead: reading.isRead,
    problems() {
      const unread = secrets.problem();
      const unused = places.problems().length;
      return [
        ...(unread ? [unread] : []),
        ...(unused > 0
          ? [
              `Secrets with the label of a destination that are not used: ${unused}; the log says why`,
            ]
          : []),
      ];
    },
  };
}
