import { isUploadKey } from '../archive/uploadName.ts';
import { archivesAt } from '../browse/archives.ts';
import { uploadsAt } from '../browse/uploads.ts';
import type { Shared } from './shared.ts';

/** The parts that read archives; those of all clusters are at the same destinations. */
export type Reading = Awaited<ReturnType<typeof startReading>>;

/** Starts what reads archives, and takes uploads. */
export async function startReading(shared: Shared) {
  const { life, config, log, places, destination, installation, own } = shared;
  const { history } = own;
  const archives = await life.start({
    name: 'the indexes of archives',
    start: () =>
      archivesAt({
        places,
        log,
        mayStore: ({ key, manifest }) =>
          manifest?.installation === installation || isUploadKey(key),
      }),
    stop: opened => opened.stop(),
  });

  const uploads = await life.start({
    name: 'the uploads',
    start: () =>
      uploadsAt({
        ...{ destination, installation, log },
        maxBytes: config.uploadLimitBytes,
        floorBytes: config.minFreeBytes,
        isInUse: id =>
          history
            .unfinished()
            .some(
              ({ details }) => details?.kind === 'restore' && details.backup === `upload:${id}`
            ),
        onRemove: key => archives.forget(key),
      }),
    stop: taken => taken.stop(),
  });

  return { archives, uploads };
}
