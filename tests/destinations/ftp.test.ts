import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, onTestFinished } from 'vitest';
import { ftp, ftps } from '../../sidecar/src/destinations/ftp/kind.ts';
import type { TestCertificate } from '../../sidecar/src/testing/cluster/testCertificates.ts';
import { testCertificate } from '../../sidecar/src/testing/cluster/testCertificates.ts';
import { describeDestination } from '../../sidecar/src/testing/destinations/destinationSuite.ts';
import type { Vsftpd } from '../servers/vsftpd.ts';
import { FTP_PASSWORD, FTP_USER, noVsftpd, startVsftpd } from '../servers/vsftpd.ts';

const VARIANTS = [
  ['ftp', undefined],
  ['ftps', 'explicit'],
  ['ftps', 'implicit'],
] as const;

describe.each(VARIANTS)(`%s (%s)${noVsftpd ? `: ${noVsftpd}` : ''}`, (kind, tls) => {
  describe.skipIf(noVsftpd)('vsftpd', () => {
    let certificate: TestCertificate;
    let server: Vsftpd;
    beforeAll(async () => {
      certificate = await testCertificate();
      server = await startVsftpd({ tls: tls && { kind: tls, certificate } });
    });
    afterAll(async () => {
      await server?.stop();
      await certificate?.remove();
    });

    describeDestination(kind, async () => {
      const directory = `files/${randomUUID()}`;
      mkdirSync(join(server.dir, directory));
      const keys = {
        ...{ host: server.host, port: String(server.port), directory },
        ...{ username: FTP_USER, password: FTP_PASSWORD },
        ...(tls && { tls, caBundle: certificate.certificate }),
      };
      const settings = (kind === 'ftp' ? ftp : ftps).settings.parse(keys);
      const workDir = join(server.dir, 'work');
      const open = (installation = '0123456789abcdef') => {
        const destination = ftp.open(settings, { name: 'offsite', installation, workDir });
        onTestFinished(() => destination.close());
        return destination;
      };
      return {
        destination: open(),
        restarted: () => open(),
        ofAnother: () => open('fedcba9876543210'),
        ...(tls && { differs: { keysOfPagingTest: 60 } }), // each is a handshake
      };
    });
  });
});
