import { describe, expect, it, vi } from 'vitest';
import { createSession } from './session';

const until = (what: string, isSo: () => boolean) =>
  vi.waitFor(() => expect(isSo(), what).toBe(true));

const failed = (status: number) => Object.assign(new Error('No - no'), { status });

/** A session whose API server says what `person` holds, or throws it. */
function world(person: string | Error | undefined) {
  const state = { person, asked: 0, dropped: [] as string[] };
  const session = createSession(
    async () => {
      state.asked += 1;
      if (state.person instanceof Error) throw state.person;
      return state.person;
    },
    {
      all: () => void state.dropped.push('all'),
      tokens: () => void state.dropped.push('tokens'),
    }
  );
  return { state, session };
}

describe('a session', () => {
  it('drops nothing while the same person is logged in', async () => {
    const { state, session } = world('ann');
    await session.confirm();
    await session.confirm();
    expect(state).toMatchObject({ asked: 2, dropped: [] });
  });

  it('drops everything when another person is logged in', async () => {
    const { state, session } = world('ann');
    await session.confirm();
    state.person = 'ben';
    await session.confirm();
    expect(state.dropped).toEqual(['all']);
  });

  it('drops everything when nobody is logged in, and refuses', async () => {
    const { state, session } = world('ann');
    await session.confirm();
    state.person = failed(401);
    await expect(session.confirm()).rejects.toMatchObject({ status: 401 });
    expect(state.dropped).toEqual(['all']);
  });

  it('drops everything once while nobody is logged in', async () => {
    const { state, session } = world('ann');
    await session.confirm();
    state.person = failed(401);
    await expect(session.confirm()).rejects.toMatchObject({ status: 401 });
    await expect(session.confirm()).rejects.toMatchObject({ status: 401 });
    state.person = 'ben';
    await session.confirm();
    expect(state.dropped).toEqual(['all']);
  });

  it('refuses while the API server does not answer, and keeps what it has', async () => {
    const { state, session } = world('ann');
    await session.confirm();
    state.person = failed(503);
    await expect(session.confirm()).rejects.toMatchObject({ status: 503 });
    expect(state.dropped).toEqual([]);
    state.person = 'ben';
    await session.confirm();
    expect(state.dropped).toEqual(['all']);
  });

  it('drops tokens each time where the API server does not tell who it is', async () => {
    const { state, session } = world(undefined);
    await session.confirm();
    expect(session.isKnown()).toBe(false);
    await session.confirm();
    expect(state.dropped).toEqual(['tokens']);
  });

  it('asks once for calls of the same moment', async () => {
    const { state, session } = world('ann');
    await Promise.all([session.confirm(), session.confirm()]);
    expect(state.asked).toBe(1);
  });

  it('asks again at once, whatever it was told a moment ago', async () => {
    const { state, session } = world('ann');
    await session.confirm();
    state.person = 'ben';
    await session.confirm();
    expect(state).toMatchObject({ asked: 2, dropped: ['all'] });
  });

  it('does not take the answer to a question that began before the call', async () => {
    const answers: ((person: string) => void)[] = [];
    const dropped: string[] = [];
    const session = createSession(() => new Promise(resolve => void answers.push(resolve)), {
      all: () => void dropped.push('all'),
      tokens: () => void dropped.push('tokens'),
    });
    const first = session.confirm();
    await until('the first question has begun', () => answers.length === 1);
    const later = Promise.all([session.confirm(), session.confirm()]);
    answers[0]?.('ann');
    await first;
    await until('the second question has begun', () => answers.length === 2);
    answers[1]?.('ben');
    await later;
    expect(answers).toHaveLength(2);
    expect(dropped).toEqual(['all']);
  });

  it('does not let a stream go on for another person', async () => {
    const { state, session } = world('ann');
    await session.confirm();
    const confirm = session.guard();
    await confirm();
    state.person = 'ben';
    await expect(confirm()).rejects.toThrow('another person');
    await expect(session.guard()()).resolves.toBeUndefined();
  });
});
