import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { plainEntry } from './unpack/program/entry.ts';
import { END, headerOf, paddingOf } from './unpack/program/header.ts';

/** The program that unpacks, as a tar that the pod receives. */
export interface UnpackProgram {
  tar: Buffer;
  sha256: string;
  /** Name of the file that runs. */
  main: string;
}

let program: UnpackProgram | undefined;

/**
 * Reads the program from `unpack/program/` beside this file (in the bundle: beside it, too, as JavaScript). It is too long for
 * a command: that travels in the URL of the exec request, and some proxies limit it to 8 KiB.
 */
export function unpackProgram(): UnpackProgram {
  program ??= pack(new URL('./unpack/program/', import.meta.url));
  return program;
}

function pack(directory: URL): UnpackProgram {
  const names = readdirSync(directory).filter(
    name => /\.[jt]s$/.test(name) && !name.endsWith('.test.ts')
  );
  const files = names.map((name): [string, Buffer] => [
    name,
    readFileSync(new URL(name, directory)),
  ]);
  files.push(['package.json', Buffer.from('{"type":"module"}\n')]);
  const tar = Buffer.concat([...files.flatMap(([name, body]) => fileOf(name, body)), END]);
  return {
    tar,
    sha256: createHash('sha256').update(tar).digest('hex'),
    main: names.includes('main.ts') ? 'main.ts' : 'main.js',
  };
}

const fileOf = (path: string, body: Buffer): Buffer[] => {
  const owner = { uid: 0, gid: 0, seconds: 0, nanoseconds: 0 };
  return [
    headerOf(plainEntry({ path, type: 'file', mode: 0o600, size: body.length, ...owner })),
    body,
    paddingOf(body.length),
  ];
};
