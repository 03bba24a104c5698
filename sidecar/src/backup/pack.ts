import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { Backup, Seal } from '../../api/index.ts';
import type { Digest } from '../archive/digest.ts';
import { hashAndCount } from '../archive/digest.ts';
import type { StageCall, Staged } from '../destinations/destination.ts';
import type { Helper } from '../helper/helper.ts';
import type { LeaveOut } from '../helper/leaveOut.ts';
import { BY_RULE, leaveOutOf } from '../helper/leaveOut.ts';
import { BROKE_BEFORE } from '../helper/push/invite.ts';
import { PUSH_BROKE } from '../helper/push/received.ts';
import type { PodSeal } from '../helper/seal.ts';
import type { Route, Transport } from '../helper/transport.ts';
import { execBecause, execTransport } from '../helper/transport.ts';
import { within } from '../within.ts';
import type { Attempt, CopyPlan } from './attempt.ts';
import type { Taken } from './copies/fanOut.ts';
import { fanOut } from './copies/fanOut.ts';
import type { ReceivedIndex } from './receiveIndex.ts';
import { receiveIndex } from './receiveIndex.ts';
import { verdict } from './verdict.ts';

/** An archive that is stored, or about to be, under a temporary name. */
export interface TakenCopy {
  plan: CopyPlan;
  /** Never rejects. */
  staged: Promise<Taken<StagedCopy>>;
  index: ReceivedIndex;
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
  warnings: string[];
}

/**
 * Lets the helper pack the volume, and stores what it sends at each destination.
 * @param annotations of the claim; they may say what is left out
 * @param archive name of the archive, as the helper makes it
 * @throws when what came differs from what was sent (see `verdict`), or no destination takes it
 */
export async function pack(
  attempt: Attempt,
  helper: Helper,
  annotations: Readonly<Record<string, string>>,
  archive: string,
  plans: readonly CopyPlan[]
): Promise<Packed> {
  const { run, claim, world, clock, signal, report } = attempt;
  const leaveOut = leaveOutFor(run, annotations);
  const transport = transportFor(run, world.transport);
  const level = plans.some(({ proof }) => proof.level === 'contents') ? 'contents' : 'checksum';
  clock.enter('exec');
  const { compressors } = world.helperSettings;
  const onWorking = (): void => clock.goesOn();
  const delivering = transport.deliver(helper, {
    level,
    archive,
    leaveOut,
    compressors,
    onWorking,
  });
  const delivery = await within(signal, delivering, late => late.body.destroy());
  attempt.route = delivery.route;
  report(delivery.route);
  const counter = hashAndCount(bytes => {
    if (clock.current() === 'exec') clock.enter('copy');
    clock.goesOn();
    report({ bytes });
  });
  const body = pipeline(delivery.body, counter, () => undefined);
  const expectedBytes = claim.capacityBytes ?? undefined;
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

  clock.enter('checksum');
  const own = counter.digest();
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
  const indexes = await receiveIndex({
    ...{ sealed, delivery, signal, onBytes: onWorking },
    copies: left.map(({ plan: { target, key } }) => ({ ...target, key })),
  });
  left.forEach((copy, at) => {
    copy.index = indexes[at] ?? copy.index;
    copy.plan.held.index = copy.index.index?.staged;
  });
  return { copies, own, seal, sealed, route: delivery.route, warnings };
}

/** A connection that breaks in the middle of an archive, e.g. in a firewall that ends long ones, would break again. */
const transportFor = ({ reason }: Backup, usual: Transport = execTransport): Transport =>
  reason === PUSH_BROKE ? execBecause(BROKE_BEFORE) : usual;

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
  const tar = pipeline(body, createGunzip({ chunkSize: 256 * 1024 }), counter, () => undefined);
  held.staged = await destination.stage(key, tar, { ...call, digest: counter.digest });
  return { staged: held.staged, unpacked: counter.digest() };
}
