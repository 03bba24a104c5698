import { z } from 'zod';
import { StageError, textOf } from '../../errors.ts';
import { linesOf } from '../direct/lines.ts';
import type { Helper } from '../helper.ts';
import { firstLines } from '../pack/packCommand.ts';
import { program } from '../program.ts';
import type { Delivery, DeliveryOptions, Transport } from '../transport.ts';
import { afterwards, execBecause, packingOf } from '../transport.ts';
import { CONNECT, overExec, pushRoute } from './invite.ts';
import type { Connection, PushListener } from './listener.ts';
import { pushBroke, receivedBody, saidBy } from './received.ts';

const PUSH = `${CONNECT}\n${program('push.cjs', '//')}`;

/** The first line of the program in the helper pod. */
const Answer = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('push') }),
  z.strictObject({ type: z.literal('otherwise'), why: z.string().max(1000) }),
]);

/**
 * The helper pod opens a connection to NKVM and sends its archive there. Where it cannot, the same command writes the archive
 * to its standard output. The seal is read over exec in both cases.
 */
export const pushTransport = (listener: PushListener): Transport => ({
  async deliver(helper, options) {
    const packing = await packingOf(helper, options, true);
    const pod = `${helper.namespace}/${helper.pod}`;
    const invited = listener.invite({ pod, addresses: helper.addresses(), direction: 'send' });
    try {
      const fed = await helper.feed(...packing).catch((error: unknown) => textOf(error));
      if (typeof fed === 'string') return await withoutInput(helper, options, fed);
      fed.exit.catch(() => undefined); // `sent` waits for it
      fed.stdin.on('error', () => undefined); // the end of the command says more
      const { invitation } = invited;
      fed.stdin.end(firstLines(PUSH, { invitation }));
      const line = await linesOf(fed.stdout).next();
      const answer = answerIn(line);
      const connection = invited.taken();
      if (answer?.type === 'push') {
        if (!connection) throw pushBroke(pod, 'NKVM has no connection of it');
        fed.stdout.resume(); // for its end
        return pushed({ helper, pod, where: listener.where, connection, fed });
      }
      // Where the pod does not use it, nobody may.
      connection?.request.destroy();
      return {
        body: fed.stdout,
        route: overExec(listener, answer?.why ?? 'the packing command ended'),
        ...afterwards(helper, fed),
      };
    } finally {
      invited.revoke();
    }
  },
});

interface Pushed {
  helper: Helper;
  pod: string;
  where: string;
  connection: Connection;
  fed: Awaited<ReturnType<Helper['feed']>>;
}

function pushed({ helper, pod, where, connection, fed }: Pushed): Delivery {
  const { sent, ...files } = afterwards(helper, fed);
  const body = receivedBody({ connection, exit: fed.exit, pod });
  // A command whose archive nobody takes any more.
  body.once('close', () => body.errored && fed.abort());
  return {
    body,
    route: pushRoute({ where }),
    async sent() {
      const all = await sent();
      const said = saidBy(connection);
      const { seal } = all.sealed ?? {};
      if (!seal || (said?.bytes === seal.bytes && said.sha256 === seal.sha256)) return all;
      throw new StageError(
        'checksum',
        'DigestDiffers',
        `helper pod ${pod} said beside the archive that it sent ${said?.bytes} bytes with SHA-256 ${said?.sha256}, and in its seal ${seal.bytes} bytes with SHA-256 ${seal.sha256}`,
        'start a new backup: the connection to the pod is not reliable',
        'transient'
      );
    },
    ...files,
  };
}

/** The API server is older than Kubernetes 1.30, or refuses commands altogether: then the other way says so, too. */
const withoutInput = (helper: Helper, options: DeliveryOptions, why: string): Promise<Delivery> =>
  execBecause(`the helper pod could not be asked to push: ${why}`).deliver(helper, options);

function answerIn(line: string | undefined): z.infer<typeof Answer> | undefined {
  try {
    return Answer.safeParse(JSON.parse(line ?? '')).data;
  } catch {
    return undefined;
  }
}
