import type { Where } from './zeroTouch.ts';
import { applyWikiAgain, deleteWiki, WIKI } from './zeroTouch.ts';

const NAME = `${WIKI.namespace}/${WIKI.name}`;

/**
 * Deletes the labelled claim at the first line, applies its manifest again at the second, and so on. It says what happened, and
 * what went wrong. It ends with the lines.
 */
export async function showZeroTouch(
  lines: AsyncIterable<string>,
  where: Where,
  say: (text: string) => void
): Promise<void> {
  let deleted: Awaited<ReturnType<typeof deleteWiki>> | undefined;
  for await (const line of lines) {
    void line;
    try {
      if (!deleted) {
        deleted = await deleteWiki(where);
        say(`The claim ${NAME} is deleted, with its volume and the workload. Press Enter again`);
        continue;
      }
      say('The same manifest is applied. It says nothing about backups but the label "backup"');
      const begun = performance.now();
      const { backup, isSame } = await applyWikiAgain(where, deleted);
      deleted = undefined;
      const seconds = ((performance.now() - begun) / 1000).toFixed(1);
      const files = isSame
        ? 'all files are as they were, byte for byte'
        : 'its files are NOT those of before';
      say(`${NAME} is bound after ${seconds} s, restored from backup ${backup}: ${files}`);
    } catch (error) {
      say(`It did not work: ${(error as Error).message}`);
    }
  }
}
