import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const CONTAINERFILE = join(import.meta.dirname, '../../deploy/image/Containerfile');

/** The flags of Node with which the image runs the sidecar. @throws Error where it has no `CMD ["node", …, "…/main.js"]` */
export function imageFlags(): string[] {
  const command = lineOf(/^CMD (\["node".*"\])$/m);
  return (JSON.parse(command) as string[]).slice(1, -1);
}

/** The environment that the image gives it. */
export const imageEnvironment = (): Record<string, string> =>
  Object.fromEntries(
    lineOf(/^ENV (.*)$/m)
      .split(' ')
      .map(pair => pair.split('=') as [string, string])
  );

function lineOf(pattern: RegExp): string {
  const found = pattern.exec(readFileSync(CONTAINERFILE, 'utf8'))?.[1];
  if (!found) throw new Error(`${CONTAINERFILE} has no line ${pattern}`);
  return found;
}
