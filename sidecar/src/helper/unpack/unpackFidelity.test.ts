import { execFileSync, spawnSync } from 'node:child_process';
import { lstatSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tarOf } from '../../testing/archive/handmadeTar.ts';
import type { UnpackWorld } from '../../testing/helper/unpackWorld.ts';
import { SAME, unpackWorld } from '../../testing/helper/unpackWorld.ts';
import { RESTORE_CAPABILITIES } from '../manifest.ts';

let world: UnpackWorld;
beforeEach(() => {
  world = unpackWorld();
});
afterEach(() => world.stop());

const isRoot = process.getuid?.() === 0;
/** Runs a shell in the source. */
const make = (script: string): string =>
  execFileSync('sh', ['-ec', script], { cwd: world.source, encoding: 'utf8' });
/** What a directory holds, as programs other than ours see it. */
const listing = (directory: string): string =>
  execFileSync(
    'sh',
    [
      '-ec',
      `cd "$0"; find . -printf '%P|%y|%m|%U:%G|%s|%T@|%l|%n\\n' | sort
      getfattr --recursive --no-dereference --dump --match=- . 2>/dev/null | grep -v '^$' | sort
      find . -type f -print0 | sort -z | xargs -0 -r sha256sum`,
      directory,
    ],
    { encoding: 'latin1' }
  );

async function restoresTheSame(): Promise<void> {
  const { comparison, entries } = await world.unpack(world.packed());
  expect(comparison).toMatchObject({ ...SAME, entries });
  expect(listing(world.volume)).toBe(listing(world.source));
}

describe.runIf(isRoot)('a restore gives back', () => {
  it('owners, modes, setuid, sticky bits and times in nanoseconds, of links and the root, too', async () => {
    make(`
      echo a >a; chown 1234:4321 a; chmod 4755 a; touch -d '@1600000000.123456789' a
      echo b >b; chown 4000000000:4000000001 b; chmod 2070 b; touch -d '@-1.5' b
      ln -s nowhere l; chown -h 5:6 l; touch -h -d '@1500000000.000000001' l
      mkdir -m 1777 tmp; mkdir -m 000 closed; mkdir -m 2750 group; chown 7:8 group
      touch -d '@1400000000.999999999' group closed tmp
      chown 9:10 .; chmod 0751 .; touch -d '@1300000000.5' .`);
    await restoresTheSame();
  });

  it('hard links, also of symbolic links, and only those', async () => {
    make(`mkdir z; echo x >z/x; ln z/x a; ln z/x m; echo x >alone; ln -s t s; ln s s2;`);
    await restoresTheSame();
    expect(lstatSync(join(world.volume, 'a')).ino).toBe(lstatSync(join(world.volume, 'z/x')).ino);
  });

  it('FIFOs and devices', async () => {
    make('mkfifo -m 620 p; mknod c c 1 3; mknod b b 7 99; chmod 600 b');
    await restoresTheSame();
    const numbers = (directory: string): string =>
      execFileSync('stat', ['-c', '%t:%T', join(directory, 'b'), join(directory, 'c')], {
        encoding: 'utf8',
      });
    expect(numbers(world.volume)).toBe(numbers(world.source));
  });

  it('extended attributes, ACLs and file capabilities', async context => {
    make('echo x >x; mkdir d; ln -s x l; cp /bin/true t');
    const tools = [
      `setfattr -n user.bytes -v 0x000a3d00ff x; setfattr -n user.empty d; setfattr -n user.equals -v a=b=% d`,
      `setfacl -m u:1234:rw,g:0:r x; setfacl -m d:u:4321:rwx,u:1:x d`,
      'chown 3:3 t; setcap cap_net_raw,cap_chown+ep t',
    ];
    const lacking = tools.find(
      tool => spawnSync('sh', ['-ec', tool], { cwd: world.source }).status !== 0
    );
    if (lacking) return context.skip(`this machine cannot do: ${lacking}`);
    await restoresTheSame();
  });

  it('sparse files as sparse, of every shape', async () => {
    make(`
      truncate -s 20M hole; truncate -s 12345 oddHole; : >empty
      for at in 0 3 9; do printf x | dd of=some bs=1M seek=$at conv=notrunc 2>/dev/null; done; truncate -s 11M some
      head -c 100000 /dev/zero >zeros; (head -c 5000 /dev/zero; echo end) >half`);
    await restoresTheSame();
    expect(lstatSync(join(world.volume, 'hole')).blocks).toBe(0);
    expect(lstatSync(join(world.volume, 'some')).blocks).toBeLessThan(100);
  });

  it('names of any bytes and of any length', async () => {
    make(`
      printf x >"$(printf 'new\\nline')"; : >-dash; : >' '; : >'a\\b"c'"'"; : >"$(printf '\\377\\001')"; mkdir '...'; : >'.../..x'
      : >'*?[x]'; ln -s "$(printf '\\377\\n')" "$(printf 'l\\tnk')"; mkdir 'u: Cannot stat'; : >'u: Cannot stat/a: Cannot mknod'
      n=$(printf '%0250d' 0); : >$n; mkdir -p $n.d/$n/$n/$n/$n/$n/$n/$n; : >$n.d/$n/$n/$n/$n/$n/$n/$n/file; ln $n $n.d/$n/link; ln -s $n$n $n.d/link`);
    await restoresTheSame();
  });

  it('paths that are longer than 4,095 bytes', async () => {
    // Each step is entered before the next is made: no path is longer than the kernel takes.
    make(`
      n=$(printf 'd%0200d' 0); echo top >top; i=0
      while [ $i -lt 60 ]; do
        mkdir -m 750 $n; touch -d "@150000000$((i % 10)).123456789" .; cd -P $n; i=$((i + 1))
        if [ $((i % 6)) = 0 ]; then echo $i >file; chown 12:13 file; ln file link; ln -s file symlink; mkdir side; echo x >side/x; fi
      done
      touch -d @1400000000.5 .`);
    const { comparison, entries } = await world.unpack(world.packed());
    expect(comparison).toMatchObject({ ...SAME, entries });
    expect(entries).toBeGreaterThan(100);
    const tree = (directory: string): string =>
      execFileSync(
        'sh',
        ['-c', `cd "$0"; find . -printf '%P|%y|%m|%U:%G|%T@|%n\n' | sort`, directory],
        {
          encoding: 'latin1',
        }
      );
    // find has the kernel's limit for what it prints of a file, and none for the path.
    expect(tree(world.volume)).toBe(tree(world.source));
  });

  it('all of that with the capabilities of a helper pod, and no others', async context => {
    if (spawnSync('setpriv', ['--version']).status !== 0) {
      return context.skip('this machine has no setpriv');
    }
    make(`
      echo a >a; chown 1234:4321 a; chmod 4755 a; ln a a2; echo b >b; chown 5:6 b; chmod 2070 b; mkdir -m 000 closed
      echo c >closed/c; chmod 000 closed/c; ln closed/c c2; chown 7:8 closed closed/c; mkdir -m 1777 tmp; chown 9:9 tmp
      mknod c c 1 3; setfattr -n user.x -v y b; setfacl -m u:77:r b; cp /bin/true t; setcap cap_net_raw+ep t; chown 3 .`);
    const added = RESTORE_CAPABILITIES.map(name => `+${name.toLowerCase()}`).join(',');
    world.before(
      'sh',
      `[ -n "$NKVM_TEST_LESS" ] || { export NKVM_TEST_LESS=1; exec setpriv --bounding-set=-all,${added} --inh-caps=-all "$0" "$@"; }`
    );
    await restoresTheSame();
    // Again, over what is there, and with something to delete.
    make('rm -r tmp; echo more >>b');
    const { comparison } = await world.unpack(world.packed(), { mode: 'mirror' });
    expect(comparison).toMatchObject(SAME);
    expect(listing(world.volume)).toBe(listing(world.source));
  });

  it('the same from archives of other formats', async () => {
    make(`
      echo x >x; ln x y; ln -s x l; mkdir -p "$(printf 'd%090d' 0)/$(printf 'e%090d' 0)"; mkfifo f
      printf x | dd of="$(printf 'd%090d' 0)/sparse" bs=1M seek=3 2>/dev/null; touch -h -d @1600000000 . ./* */*`);
    const formats = [
      '--format=gnu --sparse',
      '--format=posix --sparse --sparse-version=0.0',
      '--format=posix --sparse --sparse-version=0.1',
      '--format=posix --sparse --sparse-version=1.0 --pax-option=globexthdr.name=g,comment=x',
      '--format=ustar',
    ];
    for (const format of formats) {
      const archive = make(`
        tar --create ${format} --numeric-owner . | gzip -1 | base64`);
      const { comparison } = await world.unpack(Buffer.from(archive, 'base64'), {
        mode: 'mirror',
      });
      expect([format, comparison]).toMatchObject([format, SAME]);
      expect(listing(world.volume)).toBe(listing(world.source));
    }
  });

  it('attributes of an archive that names none for its directories', async () => {
    const archive = gzipSync(tarOf({ name: 'a/b/c', body: 'x' }));
    expect((await world.unpack(archive)).comparison).toMatchObject({ entries: 1, ...SAME });
    expect(lstatSync(join(world.volume, 'a/b')).mode & 0o777).toBe(0o755);
  });
});

describe.runIf(isRoot)('what a pod cannot restore is counted by kind and name', () => {
  const notRestored = async () => {
    const { comparison } = await world.unpack(world.packed()).catch(error => {
      throw new Error([error.message, ...error.details].join('\n'));
    });
    expect(comparison).toMatchObject({ differences: 0, examples: [] });
    return comparison.notRestored;
  };

  it('attributes that no pod may set', async () => {
    const pax = (name: string): [string, string] => [`SCHILY.xattr.${name}`, 'x'];
    const archive = gzipSync(
      tarOf(
        { name: './', flag: '5', mode: 0o755 },
        {
          name: 'a',
          pax: [pax('security.selinux'), pax('trusted.overlay.opaque'), pax('trusted.b')],
        },
        { name: 'b', pax: [pax('security.selinux'), pax('system.nfs4_acl'), pax('user.kept')] }
      )
    );
    const { comparison } = await world.unpack(archive);
    expect(comparison).toMatchObject({ entries: 3, differences: 0 });
    expect(comparison.notRestored).toEqual([
      { kind: 'selinux', count: 2, names: ['a', 'b'] },
      { kind: 'xattr', count: 1, names: ['a'] },
      { kind: 'acl', count: 1, names: ['b'] },
    ]);
  });

  it.each<[string, string, string, object[]]>([
    [
      'owners, where chown is refused',
      'echo x >a; chown 12:13 a; chmod 6755 a; mkdir d; chown 5:5 d',
      'chown',
      [{ kind: 'owner', count: 2, names: ['a', 'd'] }],
    ],
    [
      'devices, where they are refused',
      'mknod c c 1 3; echo x >x',
      'mknod',
      [{ kind: 'device', count: 1, names: ['c'] }],
    ],
    [
      'file capabilities, where they are refused',
      'cp /bin/true t; setcap cap_net_raw+ep t',
      'setfcap',
      [{ kind: 'capability', count: 1, names: ['t'] }],
    ],
  ])('%s', async (_, script, capability, expected) => {
    if (spawnSync('sh', ['-ec', script], { cwd: world.source }).status !== 0) return;
    world.before(
      'tar',
      `
      case "$*" in *--extract*--xattrs*)
        [ -n "$NKVM_TEST_LESS" ] || { export NKVM_TEST_LESS=1; exec capsh --drop=cap_${capability} -- -c 'exec "$0" "$@"' "$0" "$@"; };;
      esac`
    );
    const seen = await notRestored();
    expect(seen.map(each => ({ ...each, names: each.names.sort() }))).toEqual(expected);
  });

  it('attributes that the file system does not have', async context => {
    make('echo x >x; setfattr -n user.x -v y x; mkdir d; setfacl -m u:1:rwx d');
    if (spawnSync('mount', ['-t', 'ramfs', 'nkvm', world.volume]).status !== 0) {
      return context.skip('this machine does not let us mount');
    }
    try {
      const seen = await notRestored();
      expect(seen.sort((a, b) => (a.kind < b.kind ? -1 : 1))).toEqual([
        { kind: 'acl', count: 1, names: ['d'] },
        { kind: 'xattr', count: 1, names: ['x'] },
      ]);
    } finally {
      spawnSync('umount', [world.volume]);
    }
  });

  it('an attribute that differs although nobody refused it is a difference', async () => {
    make('echo x >x; chown 12:13 x; echo y >y; setfattr -n user.y -v y y');
    world.before(
      'tar',
      `case "$*" in *--extract*--xattrs*) /usr/bin/env PATH=/usr/bin:/bin tar "$@"; chown 0:0 "$volume/x"; setfattr -n user.y -v z "$volume/y"; exit 0;; esac`
    );
    const { comparison } = await world.unpack(world.packed());
    expect(comparison).toMatchObject({ differences: 2, notRestored: [] });
    expect(comparison.examples.sort()).toEqual([
      'x belongs to 0:0, in the archive to 12:13',
      'y has other extended attributes',
    ]);
  });
});

describe('a volume that fails', () => {
  it('says that it is full, and keeps nothing that looks like a success', async context => {
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1M', 'nkvm', world.volume]).status !== 0) {
      return context.skip('this machine does not let us mount');
    }
    try {
      writeFileSync(join(world.source, 'big'), Buffer.alloc(3_000_000, 'x'));
      await expect(world.unpack(world.packed())).rejects.toMatchObject({
        stage: 'copy',
        reason: 'VolumeFull',
        class: 'needs-action',
      });
    } finally {
      spawnSync('umount', [world.volume]);
    }
  });

  it('says that it is full when it has no inodes left', async context => {
    const options = 'size=10M,nr_inodes=10';
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'nkvm', world.volume]).status !== 0) {
      return context.skip('this machine does not let us mount');
    }
    try {
      for (let i = 0; i < 20; i++) writeFileSync(join(world.source, `${i}`), '');
      await expect(world.unpack(world.packed())).rejects.toMatchObject({ reason: 'VolumeFull' });
    } finally {
      spawnSync('umount', [world.volume]);
    }
  });

  it('says that a part of it is read-only', async context => {
    mkdirSync(join(world.volume, '.snapshot'));
    const mount = ['-t', 'tmpfs', '-o', 'ro', 'nkvm', join(world.volume, '.snapshot')];
    if (spawnSync('mount', mount).status !== 0) {
      return context.skip('this machine does not let us mount');
    }
    try {
      mkdirSync(join(world.source, '.snapshot'));
      writeFileSync(join(world.source, '.snapshot', 'x'), '');
      await expect(world.unpack(world.packed(), { mode: 'overwrite' })).rejects.toMatchObject({
        reason: 'VolumeReadOnly',
      });
    } finally {
      spawnSync('umount', [join(world.volume, '.snapshot')]);
    }
  });
});
