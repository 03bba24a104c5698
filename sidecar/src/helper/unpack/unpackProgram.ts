import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { PROGRAMS } from '../program.ts';
import { plainEntry } from './program/entry.ts';
import { END, headerOf, paddingOf } from './program/header.ts';

/** The program that unpacks, as a tar that the pod receives. */
export interface UnpackProgram {
  tar: Buffer;
  sha256: string;
  /** Name of the file that runs. */
  main: string;
}

let program: { main: string; files: Buffer[] } | undefined;

/**
 * Reads the program from `unpack/program/`, where the bundle has it as JavaScript. It is too long for a command: that travels in
 * the URL of the exec request, and some proxies limit it to 8 KiB.
 * @param patterns of the claim's annotation nkvm.io/exclude that the archive was made with
 */
export function unpackProgram(patterns: readonly string[] = []): UnpackProgram {
  program ??= read(new URL('unpack/program/', PROGRAMS));
  const { main, files } = program;
  const own = fileOf('patterns.json', Buffer.from(JSON.stringify(patterns)));
  const tar = Buffer.concat([...files, ...own, END]);
  return { tar, sha256: createHash('sha256').update(tar).digest('hex'), main };
}

function read(directory: URL): { main: string; files: Buffer[] } {
  const names = readdirSync(directory).filter(
    name => /\.[jt]s$/.test(name) && !name.endsWith('.test.ts')
  );
  const files = names.map((name): [string, Buffer] => [
    name,
    readFileSync(new URL(name, directory)),
  ]);
  files.push(['package.json', Buffer.from('{"type":"module"}\n')]);
  return {
    files: files.flatMap(([name, body]) => fileOf(name, body)),
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
