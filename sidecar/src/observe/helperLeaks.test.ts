import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { helperPod } from '../helper/manifest.ts';
import { openHistory } from '../history/openHistory.ts';
import { exampleHelperSettings } from '../testing/helper/exampleHelperSettings.ts';
import { processCluster } from '../testing/helper/processCluster.ts';
import { exampleRun, queuedRun } from '../testing/history/exampleRun.ts';
import { helperLeaks } from './helperLeaks.ts';

async function world() {
  const dir = mkdtempSync(join(tmpdir(), 'nkvm-leaks-'));
  const cluster = processCluster(dir);
  const history = await openHistory(join(dir, 'nkvm.db'));
  onTestFinished(async () => {
    await cluster.stop();
    await history.close();
    rmSync(dir, { recursive: true, force: true });
  });
  let ms = 0;
  const leaks = helperLeaks({ pods: cluster.pods, history, installation: 'i', now: () => ms });
  const create = (runId: string, installation = 'i') => {
    const id = { runId, attempt: 1, installation };
    const pod = { settings: exampleHelperSettings, node: null, deadlineMs: 1 };
    return cluster.pods.create(
      'shop',
      helperPod({ ...id, ...pod, claimName: 'a', access: 'read' })
    );
  };
  return { leaks, history, create, wait: (time: number) => void (ms += time) };
}

describe('left helpers', () => {
  it('are those of runs that have ended or are not known, and of this installation', async () => {
    const { leaks, history, create } = await world();
    await history.add([
      exampleRun({ id: '01ended', status: 'failed' }),
      queuedRun({ id: '02running', status: 'running' }),
    ]);
    for (const id of ['01ended', '02running', '03unknown']) await create(id);
    await create('04foreign', 'another');
    expect(await leaks()).toBe(2);
  });

  it('are looked for once in five minutes', async () => {
    const { leaks, create, wait } = await world();
    expect(await leaks()).toBe(0);
    await create('01');
    wait(299_000);
    expect(await leaks()).toBe(0);
    wait(1_000);
    expect(await leaks()).toBe(1);
  });

  it('are looked for again at once when nobody could say', async () => {
    let answer = () => Promise.reject<never[]>(new Error('connection refused'));
    const { history } = await world();
    const pods = { withLabels: () => answer() };
    const leaks = helperLeaks({ pods, history, installation: 'i', now: () => 0 });
    await expect(leaks()).rejects.toThrow('connection refused');
    answer = async () => [];
    expect(await leaks()).toBe(0);
  });
});
