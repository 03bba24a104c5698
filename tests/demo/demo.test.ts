import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { RunningDemo } from './running.ts';
import { startDemo } from './running.ts';

const URL_SAID = /(http:\/\/127\.0\.0\.1:\d+)\/c\/main\/nkvm\/volumes/;
const urlOf = async (demo: RunningDemo): Promise<string> => (await demo.says(URL_SAID))[1] ?? '';
const answers = (url: string): Promise<boolean> =>
  fetch(url).then(
    ({ ok }) => ok,
    () => false
  );

describe('two demos beside each other', () => {
  let first: RunningDemo;
  let second: RunningDemo;
  beforeAll(() => {
    first = startDemo([]);
    second = startDemo([]);
  });
  afterAll(() => Promise.all([first.remove(), second.remove()]));

  it('show a page each, and end one by one without a trace', { timeout: 180_000 }, async () => {
    const urls = await Promise.all([urlOf(first), urlOf(second)]);
    expect(new Set(urls).size).toBe(2);
    const volumes = '/clusters/main/api/v1/persistentvolumeclaims';
    for (const url of urls) expect(await answers(url + volumes)).toBe(true);

    first.pressEnter();
    await first.says(/shop\/wiki is deleted/);
    first.pressEnter();
    await first.says(/shop\/wiki is bound after .* all files are as they were, byte for byte/);

    first.kill('SIGINT');
    expect((await first.end()).code).toBe(0);
    await first.isGone();
    expect(await Promise.all(urls.map(answers))).toEqual([false, true]);

    second.kill('SIGKILL');
    await second.isGone();
    expect(await answers(urls[1] ?? '')).toBe(false);
  });
});

it.each<[NodeJS.Signals, RegExp]>([
  ['SIGTERM', /Starting the playground/],
  ['SIGHUP', /Starting the sidecar/],
  ['SIGKILL', /Starting the sidecar/],
  ['SIGKILL', /Making some history/],
])('leaves nothing when %s comes at %s', { timeout: 180_000 }, async (signal, moment) => {
  const demo = startDemo([]);
  onTestFinished(() => demo.remove());
  await demo.says(moment);
  demo.kill(signal);
  await demo.end(); // all who could write to its output are gone
  await demo.isGone();
});
