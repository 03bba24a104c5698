import { describe, expect, it } from 'vitest';
import type { Pod } from '../cluster/pods.ts';
import type { Heard } from './lastWords.ts';
import { lastWordsOf } from './lastWords.ts';

const nothing: Heard = { command: '', tar: [], events: [] };
const ended = (terminated: { exitCode: number; reason?: string; message?: string }): Pod => ({
  status: {
    phase: 'Failed',
    containerStatuses: [
      {
        name: 'helper',
        image: '',
        imageID: '',
        ready: false,
        restartCount: 0,
        state: { terminated },
      },
    ],
  },
});

describe('a helper’s last words', () => {
  it.each<[string, Partial<Heard>, string | undefined]>([
    ['are none when nobody said anything', {}, undefined],
    ['are none of a pod that lives on', { pod: { status: { phase: 'Running' } } }, undefined],
    [
      'are those of the packing command',
      { command: 'the helper image has no tar\n\n' },
      'command: the helper image has no tar',
    ],
    [
      'are those of tar, which the seal holds',
      { tar: ['tar: ./x: Cannot open: Input/output error'] },
      'seal: tar: ./x: Cannot open: Input/output error',
    ],
    [
      'are those of an evicted pod',
      { pod: { status: { phase: 'Failed', reason: 'Evicted', message: 'low on\nmemory' } } },
      'pod: Failed: Evicted: low on memory',
    ],
    [
      'are those of a container that was killed',
      { pod: ended({ exitCode: 137, reason: 'OOMKilled' }) },
      'pod: ended with exit code 137: OOMKilled',
    ],
    [
      'are warnings about the pod, and nothing that is normal',
      {
        events: [
          { type: 'Normal', reason: 'Scheduled', message: 'assigned' },
          { type: 'Warning', reason: 'FailedMount', message: 'no such device' },
        ],
      },
      'event: FailedMount: no such device',
    ],
    ['stand in this order', { command: 'a', tar: ['b'] }, 'command: a\nseal: b'],
  ])('%s', (_, heard, expected) => expect(lastWordsOf({ ...nothing, ...heard })).toBe(expected));

  it('are the last twenty lines of each, and none is endless', () => {
    const command = Array.from({ length: 100 }, (_, line) => `${line}${'x'.repeat(1000)}`);
    const lines = lastWordsOf({ ...nothing, command: command.join('\n') })?.split('\n') ?? [];
    expect(lines).toHaveLength(20);
    expect(lines[0]).toMatch(/^command: 80x+$/);
    expect(lines[0]).toHaveLength('command: '.length + 500);
  });
});
