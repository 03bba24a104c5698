import { testCertificate } from '../../../sidecar/src/testing/testCertificates.ts';
import { FTP_PASSWORD, FTP_USER, noVsftpd, startVsftpd } from '../../servers/vsftpd.ts';
import type { Contest } from './contest.ts';

/** FTP, or FTPS, against curl. @returns why it cannot be held, or the contest. */
export const ftpContest = (kind: 'ftp' | 'ftps') => async (): Promise<Contest | string> => {
  if (noVsftpd) return noVsftpd;
  const certificate = await testCertificate();
  const server = await startVsftpd({
    ...(kind === 'ftps' && { tls: { kind: 'explicit', certificate } }),
  });
  const url = (key: string) => `ftp://127.0.0.1:${server.port}/files/${key}`;
  const curl = (...args: string[]) => ({
    command: 'curl',
    args: [
      ...['--fail', '--silent', '--show-error', '--user', `${FTP_USER}:${FTP_PASSWORD}`],
      ...(kind === 'ftps' ? ['--ssl-reqd', '--cacert', certificate.certificateFile] : []),
      ...args,
    ],
  });
  return {
    settings: {
      ...{ host: '127.0.0.1', port: String(server.port), directory: 'files' },
      ...{ username: FTP_USER, password: FTP_PASSWORD },
      ...(kind === 'ftps' && { caBundle: certificate.certificate }),
    },
    native: 'curl',
    store: (file, key) => curl('--upload-file', file, url(key)),
    read: key => curl('--output', '/dev/null', url(key)),
    async stop() {
      await server.stop();
      await certificate.remove();
    },
  };
};
