import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';

const SCRIPT = join(import.meta.dirname, '../../deploy/restore.sh');
const isRoot = process.getuid?.() === 0;
const hasAge = spawnSync('age', ['--version']).status === 0;

/** What the script calls: an empty claim that exists, and a pod whose commands run here, in the directory `claim`. */
const KUBECTL = `#!/bin/sh
cd "$CLAIM"
shift 2 # --namespace NAME
case $1 in
  exec) while [ "$1" != -- ]; do shift; done; shift; exec "$@" ;;
  create) cat >/dev/null; echo create >>../calls ;;
esac
`;

function machine() {
  const folder = mkdtempSync(join(tmpdir(), 'restore-sh-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const at = (...path: string[]) => join(folder, ...path);
  for (const each of ['volume/sub', 'claim', 'bin']) mkdirSync(at(each), { recursive: true });
  writeFileSync(at('volume/sub/file'), 'data', { mode: 0o640 });
  writeFileSync(at('bin/kubectl'), KUBECTL);
  chmodSync(at('bin/kubectl'), 0o755);
  const env = { ...process.env, CLAIM: at('claim'), PATH: `${at('bin')}:${process.env.PATH}` };
  const sh = (command: string) =>
    execFileSync('sh', ['-c', command], { cwd: folder, env, encoding: 'utf8', stdio: 'pipe' });
  sh('tar -C volume --format=posix -cf a.tar . && gzip -k a.tar');
  return {
    at,
    sh,
    restore: (options: string) => sh(`sh ${SCRIPT} ${options} shop/orders-db`),
    manifest(archive: string, of: string) {
      const [sha256] = sh(`sha256sum ${of}`).split(' ');
      writeFileSync(at(`${archive}.json`), JSON.stringify({ archive, sha256 }, null, 2));
    },
    nothingHasChanged: () => readdirSync(at('claim')).length === 0 && !existsSync(at('calls')),
  };
}

describe.skipIf(!isRoot)('deploy/restore.sh (as root, because it gives files their owners)', () => {
  it.each(['a.tar.gz', 'a.tar'])('restores %s, and compares', archive => {
    const { at, restore, manifest } = machine();
    manifest(archive, archive);
    expect(restore(archive)).toMatch(/SHA-256 of the archive is that .*Restored into claim/s);
    expect(readFileSync(at('claim/sub/file'), 'utf8')).toBe('data');
  });

  it('refuses a .tar that is cut short, before anything changes', () => {
    const { at, restore, nothingHasChanged } = machine();
    truncateSync(at('a.tar'), 1_000);
    expect(() => restore('a.tar')).toThrow(/is not a complete .tar/);
    expect(nothingHasChanged()).toBe(true);
  });

  describe.skipIf(!hasAge)('encrypted archives (with age)', () => {
    function encrypted() {
      const world = machine();
      world.sh('age-keygen -o key.txt && age-keygen -o other.txt');
      world.sh('age -e -i key.txt -o a.tar.gz.age a.tar.gz');
      world.manifest('a.tar.gz.age', 'a.tar.gz');
      world.sh('rm a.tar.gz');
      return world;
    }

    it('are restored with their key', () => {
      const { at, restore } = encrypted();
      expect(restore('--identity key.txt a.tar.gz.age')).toMatch(/SHA-256 .*Restored into claim/s);
      expect(readFileSync(at('claim/sub/file'), 'utf8')).toBe('data');
    });

    it('are decrypted as docs/operations/restore-by-hand.md says', () => {
      const { at, sh } = encrypted();
      const page = readFileSync(join(SCRIPT, '../../docs/operations/restore-by-hand.md'), 'utf8');
      const [, block = ''] = /^```sh\n(age .*?)^```$/ms.exec(page) ?? [];
      sh(`encrypted=a.tar.gz.age; ${block}`);
      expect(sh('tar -tzf a.tar.gz')).toContain('./sub/file');
      expect(existsSync(at('a.tar.gz.age'))).toBe(true);
    });

    it.each([
      ['without a key', 'a.tar.gz.age', /is encrypted: give --identity/],
      [
        'with another key',
        '--identity other.txt a.tar.gz.age',
        /cannot be decrypted with other.txt/,
      ],
    ])('are refused %s, before anything changes', (_, options, message) => {
      const { restore, nothingHasChanged } = encrypted();
      expect(() => restore(options)).toThrow(message);
      expect(nothingHasChanged()).toBe(true);
    });

    it('are refused when they are cut short, before anything changes', () => {
      const { at, restore, nothingHasChanged } = encrypted();
      truncateSync(at('a.tar.gz.age'), 300);
      expect(() => restore('--identity key.txt a.tar.gz.age')).toThrow(/or is damaged/);
      expect(nothingHasChanged()).toBe(true);
    });
  });

  describe('an increment', () => {
    /** A full archive and two increments: a file changes, another is deleted, and a folder gets another name. */
    function chain() {
      const world = machine();
      const { at, sh } = world;
      const names = ['one', 'two', 'three'].map(name => `${name}.tar.gz`);
      const links: { runId: string; archive: string; bytes: number; sha256: string }[] = [];
      const pack = (archive: string) => {
        sh(`tar -C volume --format=posix --listed-incremental=snapshot -czf ${archive} .`);
        const [sha256 = ''] = sh(`sha256sum ${archive}`).split(' ');
        const manifest = { archive, sha256, chain: { links: [...links] }, seal: { sha256 } };
        writeFileSync(at(`${archive}.json`), `${JSON.stringify(manifest, null, 2)}\n`);
        links.push({ runId: archive, archive, bytes: 1, sha256 });
      };
      writeFileSync(at('volume/gone'), 'gone');
      writeFileSync(at('volume/kept'), 'kept');
      pack(names[0]!);
      writeFileSync(at('volume/sub/file'), 'changed');
      sh('rm volume/gone; mv volume/sub volume/moved');
      pack(names[1]!);
      writeFileSync(at('volume/new'), 'new');
      pack(names[2]!);
      const list = (where: string) => sh(`cd ${where} && find . -printf '%p %m %s %T@\\n' | sort`);
      return { ...world, names, list };
    }

    it('is restored with all archives that it needs, and compared', () => {
      const { at, restore, list } = chain();
      expect(restore('three.tar.gz')).toMatch(
        /It is an increment: 2 archives before it .*Restored into claim/s
      );
      expect(list(at('claim'))).toBe(list(at('volume')));
    });

    it('leaves the directory of the file system where it is', () => {
      const { at, restore } = chain();
      mkdirSync(at('claim/lost+found'));
      restore('three.tar.gz');
      expect(existsSync(at('claim/lost+found'))).toBe(true);
    });

    it.each<[string, (world: ReturnType<typeof chain>) => unknown, string, RegExp]>([
      [
        'without an archive that it needs',
        ({ at }) => rmSync(at('two.tar.gz')),
        'three.tar.gz',
        /needs two.tar.gz, which is not in the same directory/,
      ],
      [
        'with an archive that is another one',
        ({ sh }) => sh('cp one.tar.gz two.tar.gz'),
        'three.tar.gz',
        /two.tar.gz is not what was backed up/,
      ],
      [
        'without its manifest',
        ({ at }) => rmSync(at('three.tar.gz.json')),
        'three.tar.gz',
        /may be an increment: put its manifest beside it/,
      ],
      [
        'into a claim whose files are to stay',
        () => undefined,
        '--overwrite three.tar.gz',
        /only into an empty claim/,
      ],
    ])('is refused %s, before anything changes', (_, change, options, message) => {
      const world = chain();
      change(world);
      expect(() => world.restore(options)).toThrow(message);
      expect(world.nothingHasChanged()).toBe(true);
    });

    it('is refused for single paths', () => {
      const { sh } = chain();
      expect(() => sh(`sh ${SCRIPT} three.tar.gz shop/orders-db ./new`)).toThrow(
        /restore all of it into a new claim/
      );
    });
  });
});
