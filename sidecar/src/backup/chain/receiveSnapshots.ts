import { snapshotName } from '../../archive/name.ts';
import type { SealedLink } from '../../helper/seal.ts';
import type { Delivery } from '../../helper/transport.ts';
import type { ReceiveBesideOptions, ReceivedBeside } from '../receiveBeside.ts';
import { receiveBeside } from '../receiveBeside.ts';

export interface ReceiveSnapshotOptions
  extends Pick<ReceiveBesideOptions, 'copies' | 'signal' | 'onBytes'> {
  delivery: Pick<Delivery, 'snapshot'>;
  link: SealedLink;
}

/**
 * Stores the snapshot file of a link at each destination. The archive is whole without it, but no increment can build on it.
 * @returns one for each copy; none where the archive is not a link. @throws only when `signal` is aborted.
 */
export async function receiveSnapshots({
  delivery,
  link: { form, snapshot: sealed },
  ...options
}: ReceiveSnapshotOptions): Promise<ReceivedBeside[]> {
  if (form === 'none') return [];
  if (!sealed)
    return options.copies.map(() => ({
      why: 'the helper could not write the snapshot file',
      isAtOne: false,
    }));
  return await receiveBeside({
    ...options,
    sealed,
    nameOf: snapshotName,
    open: () => delivery.snapshot(),
  });
}
