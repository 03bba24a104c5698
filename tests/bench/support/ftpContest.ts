import { testCertificate } from '../../../sidecar/src/testing/cluster/testCertificates.ts';
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
  const store = (file: string, key: string) => curl('--upload-file', file, url(key));
  return {
    settings: {
      ...{ host: '127.0.0.1', port: String(server.port), directory: 'files' },
      ...{ username: FTP_USER, password: FTP_PASSWORD },
      ...(kind === 'ftps' && { caBundle: certificate.certificate }),
    },
    native: 'curl',
    store,
    proof: 'its size', // all that vsftpd says
    storeAndProve: (file, key) => [store(file, key), curl('--head', url(key))],
    read: key => curl('--output', '/dev/null', url(key)),
    readAndHash: key => {
      const { command, args } = curl(url(key));
      return {
        command: 'sh',
        args: ['-c', '"$@" | openssl dgst -sha256', 'sh', command, ...args],
      };
    },
    async stop() {
      await server.stop();
      await certificate.remove();
    },
  };
};
