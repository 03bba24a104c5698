import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { HelperCluster } from '../../helper/helper.ts';
import { createHelper } from '../../helper/helper.ts';
import type { UnpackOptions, UnpackRequest } from '../../helper/unpack/unpack.ts';
import { unpackInto } from '../../helper/unpack/unpack.ts';
import type { Unpacked } from '../../helper/unpack/unpackOutcome.ts';
import { exampleHelperSettings } from './exampleHelperSettings.ts';
import { processCluster } from './processCluster.ts';

/** A volume that is restored to by the real command, as a process of this machine. */
export interface UnpackWorld {
  root: string;
  /** What archives are made of. */
  source: string;
  volume: string;
  /** Packs a directory as a backup does; default: the source. */
  packed(directory?: string): Buffer;
  unpack(
    archive: Buffer | Readable,
    request?: Partial<UnpackRequest>,
    options?: Partial<UnpackOptions>
  ): Promise<Unpacked>;
  /** Puts a program before the one of its name that this machine has, if any: it does this first. `$volume` is the volume. */
  before(program: string, script: string): void;
  /** Puts something else in place of a part of the cluster. */
  change(changed: (cluster: HelperCluster) => Partial<HelperCluster>): void;
  stop(): Promise<void>;
}

export function unpackWorld(): UnpackWorld {
  const root = mkdtempSync(join(tmpdir(), 'nkvm-unpack-'));
  const source = join(root, 'source');
  const volume = join(root, 'volume');
  const bin = join(root, 'bin');
  for (const directory of [source, volume, bin]) mkdirSync(directory);
  const cluster = processCluster(volume);
  const pathBefore = process.env.PATH;
  let changes: Partial<HelperCluster> = {};
  return {
    root,
    source,
    volume,
    packed: (directory = source) =>
      execFileSync(
        'sh',
        [
          '-c',
          `tar --create --file=- --format=posix --xattrs --xattrs-include='*' --acls --sparse --numeric-owner -C "$0" . | gzip -1`,
          directory,
        ],
        { maxBuffer: 2 ** 30 }
      ),
    async unpack(archive, request = {}, options = {}) {
      const helper = await createHelper({ ...cluster, ...changes }, 'shop', {
        runId: '01a',
        attempt: 1,
        installation: 'i',
        claimName: 'orders-db',
        access: 'write',
        settings: exampleHelperSettings,
        node: null,
        deadlineMs: 1000,
      });
      try {
        return await unpackInto(
          helper,
          { mode: 'empty', encoding: 'gzip', expected: {}, isSelection: false, ...request },
          Buffer.isBuffer(archive) ? Readable.from([archive]) : archive,
          {
            signal: new AbortController().signal,
            onProgress() {},
            onWorking() {},
            onPhase() {},
            ...options,
          }
        );
      } finally {
        await helper.close();
      }
    },
    before(program, script) {
      const find = spawnSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' });
      if (find.status !== 0) return;
      const lines = [
        '#!/bin/sh',
        `volume='${volume}'`,
        script,
        `exec '${find.stdout.trim()}' "$@"`,
      ];
      writeFileSync(join(bin, program), lines.join('\n'));
      chmodSync(join(bin, program), 0o755);
      process.env.PATH = `${bin}:${pathBefore}`;
    },
    change(changed) {
      changes = changed(cluster);
    },
    async stop() {
      process.env.PATH = pathBefore;
      await cluster.stop();
      execFileSync('rm', ['-rf', root]); // unlike Node's, it can remove paths of any length
    },
  };
}

/** What a comparison says when nothing is wrong. */
export const SAME = { differences: 0, examples: [], notRestored: [], leftOver: 0 };
