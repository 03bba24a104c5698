import { describe, expect, it } from 'vitest';
import { createSession } from './session';

const failed = (status: number) => Object.assign(new Error('No - no'), { status });

/** A session whose API server says what `person` holds, or throws it. */
function world(person: string | Error | undefined) {
  const state = { person, ms: 0, asked: 0, dropped: [] as string[] };
  const session = createSession(
    async () => {
      state.asked += 1;
      if (state.person instanceof Error) throw state.person;
      return state.person;
    },
    {
      all: () => void state.dropped.push('all'),
      tokens: () => void state.dropped.push('tokens'),
    },
    () => state.ms
  );
  return { state, session };
}

describe('a session', () => {
  it('drops nothing while the same person is logged in', async () => {
    const { state, session } = world('ann');
    await session.confirm();
    state.ms += 60_000;
    await session.confirm();
    expect(state).toMatchObject({ asked: 2, dropped: [] });
  });

  it('drops everything when another person is logged in', async () => {
    const { state, session } = world('ann');
    await session.confirm();
    state.person = 'ben';
    state.ms += 5_000;
    await session.confirm();
    expect(state.dropped).toEqual(['all']);
  });

  it('drops everything when nobody is logged in, and refuses', async () => {
    const { state, session } = world('ann');
    await session.confirm();
    state.person = failed(401);
    state.ms += 5_000;
    await expect(session.confirm()).rejects.toMatchObject({ status: 401 });
    expect(state.dropped).toEqual(['all']);
  });

  it('refuses while the API server does not answer, and keeps what it has', async () => {
    const { state, session } = world('ann');
    await session.confirm();
    state.person = failed(503);
    state.ms += 5_000;
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
    state.ms += 5_000;
    await session.confirm();
    expect(state.dropped).toEqual(['tokens']);
  });

  it('asks once for questions at the same time, and not again for a moment', async () => {
    const { state, session } = world('ann');
    await Promise.all([session.confirm(), session.confirm()]);
    state.ms += 4_999;
    await session.confirm();
    expect(state.asked).toBe(1);
  });

  it('does not let a stream go on for another person', async () => {
    const { state, session } = world('ann');
    await session.confirm();
    const confirm = session.guard();
    await confirm();
    state.person = 'ben';
    state.ms += 5_000;
    await expect(confirm()).rejects.toThrow('another person');
    await expect(session.guard()()).resolves.toBeUndefined();
  });
});
