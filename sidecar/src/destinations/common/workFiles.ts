import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Stage } from '../../../api/index.ts';
import { StageError, textOf } from '../../errors.ts';
import { codeOf } from '../../files.ts';
import { sizeText } from '../size.ts';

/** @returns a new directory that only this process may read. The caller deletes it. @throws StageError */
export async function newWorkDirectory(workDir: string, stage: Stage): Promise<string> {
  try {
    const path = join(workDir, randomUUID());
    await fs.mkdir(path, { recursive: true, mode: 0o700 });
    return path;
  } catch (error) {
    throw workError(error, stage, workDir);
  }
}

/** @returns what a failed system call in the work directory means. A StageError stays as it is. */
export function workError(error: unknown, stage: Stage, workDir: string): StageError {
  if (error instanceof StageError) return error;
  if (['ENOSPC', 'EDQUOT', 'EFBIG'].includes(codeOf(error) ?? ''))
    return workDirFull(stage, workDir, undefined, { cause: error });
  return new StageError(
    stage,
    'WorkDirectoryFailed',
    `work directory ${workDir} does not work: ${textOf(error)}`,
    'let the service write there, and check the storage behind it',
    'needs-action',
    { cause: error }
  );
}

/** @param needs bytes that must fit there and do not, where that is known */
const workDirFull = (
  stage: Stage,
  workDir: string,
  needs?: { bytes: number; free: number },
  options?: ErrorOptions
): StageError =>
  new StageError(
    stage,
    'WorkDirectoryFull',
    needs
      ? `work directory ${workDir} has ${sizeText(needs.free)} left, and ${sizeText(
          needs.bytes
        )} must lie there for a while`
      : `work directory ${workDir} is full`,
    'give it a bigger volume: a destination of kind rsync needs room there for the biggest archive, for each that is under way',
    'needs-action',
    options
  );

/** @throws StageError when fewer bytes are free in the work directory */
export async function assertRoom(workDir: string, bytes: number, stage: Stage): Promise<void> {
  const { bavail, bsize } = await fs.statfs(workDir).catch(error => {
    throw workError(error, stage, workDir);
  });
  const free = bavail * bsize;
  if (free < bytes) throw workDirFull(stage, workDir, { bytes, free });
}

/**
 * Reads a listing to its end before anything of it is used: an interrupted listing is not complete, and the server does not wait
 * for the reader. The listing is on disk meanwhile, because 100,000 archives do not belong in memory.
 * @returns its lines, without their ends. Once, and to be read to the end or ended by `return`.
 */
export async function* linesOfWhole(
  body: Readable,
  workDir: string,
  signal?: AbortSignal
): AsyncGenerator<string> {
  const dir = await newWorkDirectory(workDir, 'checksum').catch(error => {
    body.destroy();
    throw error;
  });
  try {
    const file = join(dir, 'listing');
    await pipeline(body, (await fs.open(file, 'wx', 0o600)).createWriteStream(), { signal });
    yield* linesOf(createReadStream(file));
  } finally {
    await fs.rm(dir, { recursive: true, force: true });
  }
}

/** @returns lines of UTF-8, without their ends and without empty ones. */
export async function* linesOf(body: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '' && line !== '\r') yield line.replace(/\r$/, '');
  }
  rest += decoder.decode();
  if (rest !== '') yield rest;
}
