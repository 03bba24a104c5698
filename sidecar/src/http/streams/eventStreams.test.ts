import type { FastifyReply } from 'fastify';
import { Writable } from 'node:stream';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { Volume } from '../../../api/index.ts';
import type { Action } from '../../cluster/gateway/access.ts';
import { testClaim } from '../../testing/cluster/testClaim.ts';
import { heldRights } from '../rights/heldRights.ts';
import type { EventStream } from './eventStreams.ts';
import { eventStreams } from './eventStreams.ts';
import { volumeEvents } from './volumeEvents.ts';

/** A client that takes nothing before `read`. */
function slowClient() {
  const taken: string[] = [];
  let give: (() => void) | undefined;
  const raw = Object.assign(
    new Writable({
      highWaterMark: 1024,
      write(chunk, _encoding, done) {
        taken.push(String(chunk));
        give = done;
      },
    }),
    { writeHead: () => undefined, flushHeaders: () => undefined }
  );
  const reply = { hijack: () => undefined, raw } as unknown as FastifyReply;
  /** Takes what is there, and what comes as soon as there is room. */
  const read = async (): Promise<void> => {
    for (let at = 0; at < 200; at++) {
      give?.();
      give = undefined;
      await new Promise(resolve => setImmediate(resolve));
    }
  };
  return { reply, raw, taken, read };
}

const caller = { username: 'anna', uid: undefined, groups: [], extra: {} };
const allowAll = { has: async () => true };
const reader = { caller, isStillValid: async () => true };

function volumes(may: (action: Action) => boolean = () => true) {
  const client = slowClient();
  const rights = heldRights(caller, { has: async (_subject, action) => may(action as Action) });
  let views = 0;
  const holder: { stream?: EventStream } = {};
  const events = volumeEvents(() => holder.stream, {
    rights,
    inventory: { claim: (namespace, name) => testClaim({ namespace, name }) },
    async view({ namespace, name }) {
      views += 1;
      return { namespace, name, text: 'x'.repeat(1000) } as unknown as Volume;
    },
  });
  holder.stream = eventStreams({ pingMs: 1e9, lookAgainMs: 1e9, stuckMs: 1e9 }).open(
    client.reply,
    { ...reader, rights },
    { onClear: events.flush, onClose: () => undefined, mayRead: async () => true }
  );
  onTestFinished(() => void client.raw.destroy());
  const refs = (count: number) =>
    Array.from({ length: count }, (_, at) => ({ namespace: 'shop', name: `v-${at}` }));
  return { client, events, refs, stream: holder.stream, views: () => views };
}

it('sends nothing more to a client that does not take it, and then the newest state once', async () => {
  const { client, events, refs, views } = volumes();
  events.changed(refs(2));
  await vi.waitUntil(() => views() === 2);
  for (let at = 0; at < 1_000; at++) events.changed(refs(2));
  await new Promise(resolve => setTimeout(resolve, 20));
  expect(views()).toBe(2);
  expect(client.raw.writableLength).toBeLessThan(10_000);
  await client.read();
  await vi.waitUntil(() => views() === 4);
  await client.read();
  expect(client.taken.join('').match(/event: change/g)).toHaveLength(2);
});

it('tells a client that is too far behind to read the list again', async () => {
  const { client, events, refs, stream } = volumes();
  events.changed(refs(5));
  await vi.waitUntil(() => !stream.isClear);
  events.changed(refs(3_000));
  await client.read();
  await vi.waitUntil(() => !stream.isOpen);
  await client.read();
  expect(client.taken.join('')).toContain('event: end\ndata: {"reason":"reload"}');
});

it('sends many volumes in several events', async () => {
  const { client, events, refs } = volumes();
  events.changed(refs(1_200));
  await vi.waitUntil(async () => {
    await client.read();
    return client.taken.join('').match(/event: change/g)?.length === 3;
  });
});

it('never asks about a single volume what the namespace answers already', async () => {
  const asked: string[] = [];
  const { events, refs, views } = volumes(action => {
    asked.push(
      `${action.verb} ${action.subresource ?? action.resource} ${action.namespace ?? '*'}`
    );
    return action.namespace !== undefined;
  });
  events.changed(refs(100));
  await vi.waitUntil(() => views() === 100);
  expect(new Set(asked).size).toBe(asked.length);
  expect(asked).toHaveLength(8);
});

it('ends a client that takes nothing for too long', async () => {
  const client = slowClient();
  const rights = heldRights(caller, allowAll);
  const stream = eventStreams({ stuckMs: 10 }).open(
    client.reply,
    { ...reader, rights },
    { onClear: () => undefined, onClose: () => undefined, mayRead: async () => true }
  );
  stream.send('backup', { text: 'x'.repeat(5_000) });
  await vi.waitUntil(() => client.raw.destroyed);
  expect(stream.isOpen).toBe(false);
});

it.each<[string, () => Promise<boolean>, () => Promise<boolean>, string]>([
  ['a right is gone', async () => true, async () => false, 'right-gone'],
  ['the token is not valid any more', async () => false, async () => true, 'token-expired'],
  [
    'the API server does not answer',
    () => Promise.reject(new Error('connection refused')),
    async () => true,
    'rights-unknown',
  ],
])('ends when %s', async (_, isStillValid, mayRead, reason) => {
  const client = slowClient();
  let isHeld = true;
  const rights = heldRights(caller, { has: async () => isHeld });
  await rights.has({ verb: 'get', group: '', resource: 'persistentvolumeclaims' });
  eventStreams({ lookAgainMs: 10 }).open(
    client.reply,
    { caller, isStillValid, rights },
    { onClear: () => undefined, onClose: () => undefined, mayRead }
  );
  isHeld = false;
  await vi.waitUntil(async () => {
    await client.read();
    return client.taken.join('').includes('event: end');
  });
  expect(client.taken.join('')).toContain(`{"reason":"${reason}"}`);
});
