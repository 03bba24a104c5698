import { isAbsolute, normalize } from 'node:path';
import { z } from 'zod';
import { CaBundle, Insecure } from '../trust/tls.ts';

const trimmed = z.string().trim().min(1, { error: 'is empty' });

/** `/path`, or `s3:https://HOST[:PORT]/BUCKET[/PREFIX]`, as restic takes them. */
const Repository = trimmed.refine(text => isAbsolute(text) || s3UrlOf(text) !== undefined, {
  error: 'takes /PATH or s3:https://HOST/BUCKET/PREFIX',
});

/** The data of a Secret of kind `restic`, all text. */
const Data = z.strictObject({
  repository: Repository,
  password: z.string().min(1, { error: 'is empty' }),
  accessKeyId: trimmed.optional(),
  secretAccessKey: trimmed.optional(),
  region: trimmed.regex(/^[\w.-]+$/, { error: 'is not a name of a region' }).optional(),
  caBundle: CaBundle.optional(),
  insecure: Insecure.default(false),
});

export const ResticSettings = Data.superRefine((settings, context) => {
  if (isAbsolute(settings.repository)) return;
  for (const key of ['accessKeyId', 'secretAccessKey'] as const) {
    if (settings[key] === undefined)
      context.addIssue({ code: 'custom', path: [key], message: 'is missing' });
  }
});
export type ResticSettings = z.infer<typeof ResticSettings>;

/** @returns the URL of a repository in S3; undefined when it is not one that is taken. */
function s3UrlOf(repository: string): URL | undefined {
  if (!repository.startsWith('s3:')) return undefined;
  const text = repository.slice('s3:'.length);
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  const isPlain = !url.username && !url.password && !url.search && !url.hash;
  return isPlain && url.pathname.length > 1 ? url : undefined;
}

/** For people: where it is, as restic takes it. */
export const locationOf = ({ repository }: Pick<ResticSettings, 'repository'>): string =>
  isAbsolute(repository) ? normalize(repository) : repository;

/** The server of a repository; undefined for a directory. */
export function serverOf({ repository }: Pick<ResticSettings, 'repository'>) {
  const url = s3UrlOf(repository);
  if (!url) return undefined;
  const isTls = url.protocol === 'https:';
  return { host: url.hostname, port: Number(url.port) || (isTls ? 443 : 80), isTls };
}
