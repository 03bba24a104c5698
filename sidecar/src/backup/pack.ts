import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream';
import type { Backup, Chain, Seal } from '../../api/index.ts';
import type { Digest } from '../archive/digest.ts';
import { hashAndCount } from '../archive/digest.ts';
import { gunzipping } from '../archive/gunzip.ts';
import type { StageCall, Staged } from '../destinations/destination.ts';
import type { Helper } from '../helper/helper.ts';
import type { LeaveOut } from '../helper/leaveOut.ts';
import { BY_RULE, leaveOutOf } from '../helper/leaveOut.ts';
import { BROKE_BEFORE } from '../helper/push/invite.ts';
import { PUSH_BROKE } from '../helper/push/received.ts';
import type { PodSeal } from '../helper/seal.ts';
import type { Delivery, DeliveryOptions, Route, Transport } from '../helper/transport.ts';
import { execBecause, execTransport } from '../helper/transport.ts';
import { within } from '../within.ts';
import type { Attempt, CopyPlan } from './attempt.ts';
import { chainMade, prepareChain, warningsOnLink } from './chain/prepareChain.ts';
import { receiveSnapshots } from './chain/receiveSnapshots.ts';
import { checkReadable } from './checkReadable.ts';
import type { Taken } from './copies/fanOut.ts';
import { fanOut } from './copies/fanOut.ts';
import { arriveDirect, otherRoute } from './direct/arriveDirect.ts';
import { whyNotDirect } from './direct/whyNotDirect.ts';
import type { StagedSnapshot } from './proveAndPublish.ts';
import { noSnapshot } from './proveAndPublish.ts';
import type { ReceivedIndex } from './receiveIndex.ts';
import { receiveIndex } from './receiveIndex.ts';
import { verdict } from './verdict.ts';

/** An archive that is stored, or about to be, under a temporary name. */
export interface TakenCopy {
  plan: CopyPlan;
  /** Never rejects. */
  staged: Promise<Taken<StagedCopy>>;
  index: ReceivedIndex;
  snapshot?: StagedSnapshot;
}

export interface StagedCopy {
  staged: Staged;
  /** The bytes sent to the destination, if they differ from those of the pod. */
  unpacked?: Digest;
}

/** An archive that has come from the pod, and that the pod agrees on. */
export interface Packed {
  copies: TakenCopy[];
  /** The digest of the bytes that arrived. */
  own: Digest;
  seal: Seal;
  sealed: PodSeal;
  route: Route;
  chain: Chain | null;
  warnings: string[];
}

/**
 * Lets the helper pack the volume, and stores what it sends at each destination.
 * @param annotations of the claim; they may say what is left out
 * @param archive name of the archive, as the helper makes it
 * @throws when the helper cannot read all of it (see `checkReadable`), what came differs from what was sent (see `verdict`), or no destination takes it
 */
export async function pack(
  attempt: Attempt,
  helper: Helper,
  annotations: Readonly<Record<string, string>>,
  archive: string,
  plans: readonly CopyPlan[]
): Promise<Packed> {
  const { run, world, clock, signal } = attempt;
  const leaveOut = leaveOutFor(run, annotations);
  const level = plans.some(({ proof }) => proof.level === 'contents') ? 'contents' : 'checksum';
  clock.enter('exec');
  const { compressors } = world.helperSettings;
  const readsHoles = world.withoutBlocks?.has(run.uid) ?? false;
  const onWorking = (): void => clock.goesOn();
  await checkReadable(attempt, helper, leaveOut);
  const planned = await prepareChain(attempt, helper, leaveOut, plans);
  const isLink = planned !== null;
  const { delivery, taking, own } = await arrive(attempt, helper, plans, {
    ...{ level, archive, leaveOut, compressors, isLink, readsHoles, onWorking },
  });

  clock.enter('checksum');
  const sent = await within(signal, delivery.sent());
  attempt.sealed = sent.sealed && withPatterns(sent.sealed, leaveOut);
  const { seal, sealed, warnings } = verdict({
    ...sent,
    sealed: attempt.sealed,
    own,
    entriesBefore: world.entriesBefore(run),
  });
  const copies = plans.map(
    (plan, at): TakenCopy => ({ plan, staged: taking[at] ?? lost, index: { warnings: [] } })
  );
  const areLost = await Promise.all(copies.map(isLost));
  const left = copies.filter((_, at) => !areLost[at]);
  const beside = left.map(({ plan: { target, key } }) => ({ ...target, key }));
  const chain = chainMade(planned, sealed.link);
  const indexing = receiveIndex({ sealed, delivery, signal, onBytes: onWorking, copies: beside });
  const [snapshots] = await Promise.all([
    receiveSnapshots({ delivery, link: sealed.link, signal, onBytes: onWorking, copies: beside }),
    indexing.then(indexes =>
      left.forEach((copy, at) => {
        copy.index = indexes[at] ?? copy.index;
        copy.plan.held.index = copy.index.index?.staged;
      })
    ),
  ]);
  left.forEach((copy, at) => {
    const end = snapshots[at];
    if (end && 'staged' in end) {
      copy.snapshot = end;
      copy.plan.held.snapshot = end.staged;
    } else if (end) copy.index.warnings.push(noSnapshot(end.why));
  });
  const all = [...warnings, ...warningsOnLink(sealed.link)];
  return { copies, own, seal, sealed, route: delivery.route, chain, warnings: all };
}

/** A connection that breaks in the middle of an archive, e.g. in a firewall that ends long ones, would break again. */
const transportFor = ({ reason }: Backup, usual: Transport = execTransport): Transport =>
  reason === PUSH_BROKE ? execBecause(BROKE_BEFORE) : usual;

/** An archive that has left its helper. */
interface Arrival {
  delivery: Delivery;
  /** Its copy at each destination, stored or failed. */
  taking: Promise<Taken<StagedCopy>>[];
  own: Digest;
}

/** Lets the archive come to us, or go to the storage by itself where that is possible. */
async function arrive(
  attempt: Attempt,
  helper: Helper,
  plans: readonly CopyPlan[],
  options: DeliveryOptions
): Promise<Arrival> {
  const { run, claim, world, clock, signal, report } = attempt;
  const transport = transportFor(run, world.transport);
  const expectedBytes = claim.capacityBytes ?? undefined;
  const onBytes = (bytes: number): void => {
    if (clock.current() === 'exec') clock.enter('copy');
    clock.goesOn();
    report({ bytes });
  };
  const tell = (route: Route): void => {
    attempt.route = route;
    report(route);
  };
  const plan = plans[0] as CopyPlan;
  const not = whyNotDirect({
    destinations: plans.map(({ target }) => target.destination),
    doubt: world.notDirect ?? world.direct?.of(plan.target.name, run.namespace),
    isAllowed: world.direct !== undefined,
  });
  const direct = not
    ? undefined
    : await arriveDirect({ attempt, helper, options, plan, expectedBytes, onBytes });
  if (direct && 'staged' in direct) {
    const { delivery, staged, own } = direct;
    tell(delivery.route);
    return { delivery, taking: [Promise.resolve({ taken: { staged } })], own };
  }
  let delivery: Delivery;
  if (direct && 'here' in direct) delivery = direct.here;
  else {
    const delivering = transport.deliver(helper, options);
    delivery = await within(signal, delivering, late => late.body.destroy());
    delivery = { ...delivery, route: otherRoute(delivery.route, (direct ?? not)?.because) };
  }
  tell(delivery.route);
  const counter = hashAndCount(onBytes);
  const body = pipeline(delivery.body, counter, () => undefined);
  const taking = await fanOut(
    body,
    plans.map(plan => ({
      name: plan.target.name,
      take: (stream: Readable, signal: AbortSignal) =>
        stageCopy(plan, stream, { signal, expectedBytes, digest: counter.digest }),
      letGo: ({ staged }: StagedCopy) => void staged.discard().catch(() => undefined), // the sweep deletes it
    })),
    { signal, ...world.fanOut }
  );
  plans.forEach((plan, at) => Object.assign(plan.held, { taking: taking[at] }));
  return { delivery, taking, own: counter.digest() };
}

/** A backup before a restore has all that the restore may change: without it nothing could be undone. */
const leaveOutFor = (
  { priority }: Backup,
  annotations: Readonly<Record<string, string>>
): LeaveOut => (priority === 'restore' ? BY_RULE : leaveOutOf(annotations));

const withPatterns = (sealed: PodSeal, { patterns }: LeaveOut): PodSeal =>
  patterns.length > 0 ? { ...sealed, seal: { ...sealed.seal, patterns } } : sealed;

const lost = Promise.resolve({ error: new Error('no destination has read the archive') });

/** Whether a destination has failed already: its index is not needed. */
async function isLost({ staged }: TakenCopy): Promise<boolean> {
  const end = await Promise.race([staged, undefined]);
  return end !== undefined && 'error' in end;
}

/** Stores the archive in the form that its destination wants. */
async function stageCopy(
  { target, key, held }: CopyPlan,
  body: Readable,
  call: StageCall
): Promise<StagedCopy> {
  const { destination, form } = target;
  if (form !== 'tar') {
    held.staged = await destination.stage(key, body, call);
    return { staged: held.staged };
  }
  const counter = hashAndCount();
  const tar = pipeline(body, gunzipping(), counter, () => undefined);
  held.staged = await destination.stage(key, tar, { ...call, digest: counter.digest });
  return { staged: held.staged, unpacked: counter.digest() };
}
