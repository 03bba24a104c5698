import type { Kind, Probe } from '../kind.ts';
import { connectTls } from '../trust/connect.ts';
import { connectProbe, resolveProbe } from '../trust/serverProbes.ts';
import { s3Client } from './client.ts';
import { s3Destination } from './s3.ts';
import { locationOf, S3Settings, serverOf } from './settings.ts';

const LIMIT_MS = 15_000;

export const s3: Kind<S3Settings> = {
  kind: 's3',
  settings: S3Settings,
  location: locationOf,
  isInsecure: ({ endpoint, insecure }) => insecure || (endpoint?.startsWith('http:') ?? false),
  open: (settings, context) => s3Destination(settings, context),
  probes: settings => probesOf(settings),
};

function probesOf(settings: S3Settings): Probe[] {
  const { host, port, isTls } = serverOf(settings);
  const place = locationOf(settings);
  const to = (signal: AbortSignal) =>
    ({ stage: 'copy', place, host, port, limitMs: LIMIT_MS, signal } as const);
  const probes = [resolveProbe({ host, port, place }), connectProbe({ host, port, place })];
  if (isTls) {
    probes.push({
      step: 'tls',
      async run(signal) {
        const socket = await connectTls(to(signal), settings);
        const { subject, valid_to: until } = socket.getPeerCertificate();
        const version = socket.getProtocol();
        socket.destroy();
        return `${version}, ${subject?.CN ?? host}, valid until ${until}`;
      },
    });
  }
  probes.push({
    step: 'login',
    async run(signal) {
      const client = s3Client({ name: place, settings });
      try {
        const attempt = { stage: 'copy', what: 'list the archives', signal } as const;
        const { bucket: Bucket, prefix: Prefix } = settings;
        await client.call(attempt, (s3, options) =>
          s3.listObjectsV2({ Bucket, Prefix, MaxKeys: 1 }, options)
        );
        return `bucket ${Bucket}`;
      } finally {
        await client.close();
      }
    },
  });
  return probes;
}
