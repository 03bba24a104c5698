import type { ClientChannel } from 'ssh2';
import type { Link, SshCall, SshConnection } from './connection.ts';
import { commandOf, start } from './shell.ts';
import type { SshPlace } from './sshErrors.ts';
import { noChannel } from './sshErrors.ts';

/** A command that runs on the server, on a channel of its own. */
export interface Running {
  link: Link;
  channel: ClientChannel;
  /** Gives the channel back. May be called twice. */
  release(): void;
}

/** Servers allow about ten on a connection (MaxSessions of OpenSSH). */
const MAX_CHANNELS = 8;

/** Commands on a few connections, each with a few channels; the others wait for their turn. */
export function shells(connections: SshConnection[], place: SshPlace) {
  const lanes = connections.map(connection => ({ connection, used: 0, max: MAX_CHANNELS }));
  const waiting = new Set<() => void>();
  const wakeAll = () => {
    for (const wake of waiting) wake();
    waiting.clear();
  };

  async function turn({ signal }: SshCall): Promise<(typeof lanes)[number]> {
    for (;;) {
      signal?.throwIfAborted();
      const free = lanes.find(({ used, max }) => used < max);
      if (free) {
        free.used += 1;
        return free;
      }
      await new Promise<void>(resolve => {
        waiting.add(resolve);
        signal?.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  return {
    /** Starts a command. @throws StageError, or an error of ssh2's when the server runs no commands */
    async start(call: SshCall, script: string, words: readonly string[]): Promise<Running> {
      for (;;) {
        const lane = await turn(call);
        let letGo = (): void => undefined;
        let isHeld = true;
        const release = () => {
          if (!isHeld) return;
          isHeld = false;
          lane.used -= 1;
          letGo();
          wakeAll();
        };
        try {
          const link = await lane.connection.link(call);
          letGo = link.hold();
          const channel = await start(link, call, commandOf(script, words));
          return { link, channel, release };
        } catch (error) {
          const others = lane.used - 1;
          release();
          if (!/Channel open failure/i.test((error as Error).message)) throw error;
          // Fewer are allowed than we have thought.
          if (others === 0) throw noChannel(place, call.stage, error);
          lane.max = Math.max(1, Math.min(lane.max, others));
        }
      }
    },
  };
}
