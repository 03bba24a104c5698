import type { Client } from 'basic-ftp';
import type { Kind, Probe } from '../kind.ts';
import { connectProbe, resolveProbe } from '../trust/serverProbes.ts';
import { ftpDestination } from './ftp.ts';
import { openSession, tlsSeen } from './session.ts';
import type { FtpSettings } from './settings.ts';
import { FtpKeys, FtpsKeys, locationOf } from './settings.ts';

const kindOf = (
  kind: 'ftp' | 'ftps',
  settings: Kind<FtpSettings>['settings']
): Kind<FtpSettings> => ({
  kind,
  settings,
  location: locationOf,
  /** Without TLS, password and archives cross the network as they are. */
  isInsecure: ({ tls, insecure = false }) => tls === 'none' || insecure,
  open: (of, context) => ftpDestination(of, context, { kind }),
  probes,
});

export const ftp = kindOf('ftp', FtpKeys);
export const ftps = kindOf('ftps', FtpsKeys);

/** Every step goes the whole way to where it ends: each is a login of its own, and none keeps a connection. */
function probes(settings: FtpSettings): Probe[] {
  const server = { ...settings, place: locationOf(settings) };
  /** Stops a login at a step, as if it had ended there. */
  const until = async (signal: AbortSignal, step: 'onConnected' | 'onSecured') => {
    let seen = '';
    const stop = new Error();
    const steps = {
      [step]: (client: Client) => {
        seen = step === 'onSecured' ? tlsSeen(client) : `${settings.host}:${settings.port}`;
        throw stop;
      },
    };
    try {
      (await openSession(settings, { stage: 'copy', signal }, steps)).client.close();
    } catch (error) {
      if (!isCausedBy(error, stop)) throw error;
    }
    return seen;
  };
  return [
    resolveProbe(server),
    settings.tls === 'implicit'
      ? connectProbe(server) // no greeting comes before TLS
      : { step: 'connect', run: signal => until(signal, 'onConnected') },
    ...(settings.tls === 'none'
      ? []
      : [{ step: 'tls' as const, run: (signal: AbortSignal) => until(signal, 'onSecured') }]),
    {
      step: 'login',
      run: async signal => {
        const { client } = await openSession(settings, { stage: 'copy', signal });
        client.close();
        return `${settings.username}, directory ${settings.directory}`;
      },
    },
  ];
}

const isCausedBy = (error: unknown, cause: Error): boolean =>
  error === cause || (error instanceof Error && isCausedBy(error.cause, cause));
