import { describe, expect, it } from 'vitest';
import { kubectl } from './support/kubectl.ts';

const inSidecar = (...command: string[]): string =>
  kubectl(['exec', '--namespace=nkvm', 'deployment/nkvm', '--', ...command]);

describe('the image', () => {
  it.each([
    ['tar', /^tar \(GNU tar\) 1\./],
    ['igzip', /igzip/],
    ['sqlite3', /^3\./],
    ['sha256sum', /GNU coreutils/],
    ['getfattr', /^getfattr 2\./],
    ['getfacl', /^getfacl 2\./],
    ['node', /^v24\./],
  ])('has %s', (tool, version) => {
    expect(inSidecar(tool, '--version')).toMatch(version);
  });

  it('has what the helper pods pack a volume with, and packs with it', () => {
    const script = `
      mkdir /tmp/tree && echo hello >/tmp/tree/file
      tar -c --xattrs --acls --sparse -f - -C /tmp tree | igzip -1 -c | gzip -dc | tar -xOf - tree/file
      rm -r /tmp/tree`;
    expect(inSidecar('sh', '-euc', script)).toBe('hello\n');
  });

  it('holds the licences of what is in the bundle, and no package manager of Node', () => {
    const licences = inSidecar(
      'sh',
      '-c',
      'head -c 200 /app/LICENSE; cat /app/THIRD-PARTY-LICENSES.txt'
    );
    expect(licences).toMatch(/Apache License[^]*fastify[^]*MIT License/);
    expect(inSidecar('sh', '-c', 'command -v npm yarn corepack || echo none')).toBe('none\n');
  });
});
