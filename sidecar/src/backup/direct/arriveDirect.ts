import type { Digest } from '../../archive/digest.ts';
import type { Staged } from '../../destinations/destination.ts';
import type { DirectSender } from '../../destinations/direct.ts';
import { isOtherwise } from '../../destinations/direct.ts';
import { StageError, textOf } from '../../errors.ts';
import { DIRECT_FAILED, directSession } from '../../helper/direct/session.ts';
import type { Helper } from '../../helper/helper.ts';
import type { Delivery, DeliveryOptions, Route } from '../../helper/transport.ts';
import { within } from '../../within.ts';
import type { Attempt, CopyPlan } from '../attempt.ts';

/** An archive that its helper has sent to the storage. */
export interface DirectArrival {
  delivery: Delivery;
  staged: Staged;
  /** The archive by the count of the program that sent it: another one than that which sealed it. */
  own: Digest;
}

/** Its archive comes to us instead. The route says why. */
export interface ComesHere {
  here: Delivery;
}

/** Nothing was packed yet. */
export interface NotBegun {
  /** Why, as the end of a sentence. */
  because: string;
}

export interface DirectAttempt {
  attempt: Attempt;
  helper: Helper;
  options: DeliveryOptions;
  plan: CopyPlan;
  expectedBytes: number | undefined;
  /** @param bytes that the storage has taken so far */
  onBytes(bytes: number): void;
}

/**
 * Lets the helper pack the volume and send the archive to the storage by itself. Where that cannot even begin, the archive comes
 * from the same command to us.
 * @throws StageError; `isOfDirect` says then whether another way may help
 */
export async function arriveDirect({
  attempt,
  helper,
  options,
  plan: { target, key, held },
  expectedBytes,
  onBytes,
}: DirectAttempt): Promise<DirectArrival | ComesHere | NotBegun> {
  const { run, signal, world } = attempt;
  const doubts = world.direct;
  const { destination, name } = target;
  if (!destination.stageDirect) throw new Error(`${name} takes no direct uploads`);
  const starting = directSession(helper, { ...options, onBytes });
  const session = await within(signal, starting, late => late.delivery.body.destroy()).catch(
    (error: unknown) => textOf(error)
  );
  signal.throwIfAborted();
  if (typeof session === 'string') {
    const because = `the command that would send it did not start (${session})`;
    doubts?.note(name, run.namespace, because);
    return { because };
  }
  let own: Digest | undefined;
  const sender: DirectSender = {
    async send(...words) {
      const sent = await session.send(...words);
      if (!isOtherwise(sent)) own = sent.archive;
      return sent;
    },
  };
  try {
    const onceGone = (again: () => Promise<void>): void => void attempt.onceGone.push(again);
    const call = { signal, expectedBytes, onceGone };
    const staging = destination.stageDirect(key, sender, call).then(staged => {
      if (isOtherwise(staged)) return staged;
      held.staged = staged;
      return staged;
    });
    held.taking = staging.catch(() => undefined);
    const staged = await staging;
    if (isOtherwise(staged)) {
      if (staged.otherwise !== FITS) doubts?.note(name, run.namespace, staged.otherwise);
      return { here: { ...session.delivery, route: routeHere(staged.otherwise) } };
    }
    if (!own) throw new Error('the helper has not said what it sent');
    doubts?.clear(name, run.namespace);
    return { delivery: { ...session.delivery, route: directRoute(name) }, staged, own };
  } catch (error) {
    session.delivery.body.destroy();
    if (error instanceof StageError && OF_THIS_WAY.has(error.reason)) {
      attempt.isOfDirect = true;
      const why = `a direct upload failed a short while ago (${textOf(error)})`;
      doubts?.note(name, run.namespace, why);
    }
    throw error;
  }
}

/** An archive of a small volume is not a reason to avoid direct uploads. See pack/direct.cjs. */
const FITS = 'the archive fits into one part';

/** Failures that need not happen when the archive takes another way. */
const OF_THIS_WAY = new Set([DIRECT_FAILED, 'DigestDiffers', 'PartChanged', 'ReadRefused']);

const directRoute = (name: string): Route => ({
  transport: 'direct',
  transportReason: `the helper pod sends the archive to destination ${name} itself`,
});

const routeHere = (because: string): Route => ({
  transport: 'exec',
  transportReason: `NKVM takes the archive from the command that was to send it to the storage: ${because}`,
});

/** @returns the route of an archive that was not to be sent directly. @param because see `NotDirect` */
export const otherRoute = (route: Route, because: string | undefined): Route =>
  because === undefined
    ? route
    : {
        ...route,
        transportReason: `${route.transportReason}; not to the storage itself: ${because}`,
      };
