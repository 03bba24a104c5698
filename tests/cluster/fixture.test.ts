import { describe, expect, it } from 'vitest';
import { CLAIMS, FIXTURE_NAMESPACES, ORDERS_DB_PATH } from './fixture/claims.ts';
import { getJson, kubectl } from './support/kubectl.ts';

interface Claim {
  metadata: { namespace: string; name: string };
  spec: { accessModes: string[]; volumeMode: string };
  status: { phase: string };
}

const claims = getJson<{ items: Claim[] }>(
  'persistentvolumeclaims',
  '--all-namespaces'
).items.filter(({ metadata }) =>
  (FIXTURE_NAMESPACES as readonly string[]).includes(metadata.namespace)
);
const specOf = (name: string) =>
  claims.find(({ metadata }) => `${metadata.namespace}/${metadata.name}` === name)?.spec;

describe('the fixture', () => {
  it('has the claims that it promises, in their phases', () => {
    const seen = claims.map(({ metadata: { namespace, name }, status: { phase } }) => ({
      namespace,
      name,
      phase,
    }));
    expect(seen).toEqual(CLAIMS.map(({ namespace, name, phase }) => ({ namespace, name, phase })));
  });

  it('has a raw disk, a volume for one pod alone and one for many nodes', () => {
    expect(specOf('billing/raw-disk')?.volumeMode).toBe('Block');
    expect(specOf('billing/ledger')?.accessModes).toEqual(['ReadWriteOncePod']);
    expect(specOf('shop/media')?.accessModes).toEqual(['ReadWriteMany']);
  });

  it('has pods on both nodes of the test cluster', () => {
    const pods = getJson<{ items: { spec: { nodeName: string } }[] }>(
      'pods',
      '--namespace=billing'
    );
    const nodes = new Set(pods.items.map(({ spec }) => spec.nodeName));
    const all = getJson<{ items: unknown[] }>('nodes').items.length;
    expect(nodes.size).toBe(Math.min(2, all));
  });

  it('fills orders-db with what an archive can lose', () => {
    const script = `
      cd ${ORDERS_DB_PATH}/torture
      stat -c '%a %u' modes/file-7777 owners/4294967294:4294967293
      stat -c %y times/@1000000000.123456789
      stat -c %h links/one/first
      readlink links/dangling
      getfattr --only-values -n user.comment xattrs/text; echo
      getfacl -cn acls/file | grep user:1234
      stat -c '%b %s' sparse/only-a-hole
      stat -c %F special/fifo
      ls -A names | wc -l`;
    const seen = kubectl([
      'exec',
      '--namespace=shop',
      'deployment/orders-db',
      '--',
      'sh',
      '-euc',
      script,
    ]);
    expect(seen.trim().split('\n')).toEqual([
      '7777 0',
      '644 4294967294',
      '2001-09-09 01:46:40.123456789 +0000',
      '3',
      'nowhere',
      'a comment',
      'user:1234:rw-',
      '0 67108864',
      'fifo',
      expect.stringMatching(/^[78]\d$/),
    ]);
  });
});
