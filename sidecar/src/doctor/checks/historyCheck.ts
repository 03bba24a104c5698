import { stat } from 'node:fs/promises';
import type { DoctorFinding } from '../../../api/index.ts';
import { sizeText } from '../../destinations/size.ts';
import { codeOf } from '../../files.ts';
import { checkFile } from '../../history/checkFile.ts';
import type { History } from '../../history/history.ts';
import { fails, failsBy, fine, warns } from '../finding.ts';
import { timeText } from './timeText.ts';

/** The file as it is on disk, and whether the process can write to it. */
export async function checkHistory(
  path: string,
  history: Pick<History, 'problem' | 'count'> | undefined,
  signal: AbortSignal
): Promise<DoctorFinding[]> {
  const found: DoctorFinding[] = [];
  const problem = history?.problem();
  if (problem) found.push(failsBy('the history is read-only', problem, problem.hint));
  try {
    const { size, mtime } = await stat(path);
    const runs = history ? `, ${history.count()} runs` : '';
    const text = `history ${path}: ${sizeText(size)}${runs}, last checkpoint ${timeText(
      mtime.toISOString()
    )}`;
    const verdict = await checkFile(path, signal);
    switch (verdict.is) {
      case 'sound':
        return [...found, fine(`${text}; the integrity check found no fault`)];
      case 'unknown':
        return [...found, fine(`${text}; its integrity was not checked, because ${verdict.why}`)];
      case 'damaged':
        return [
          ...found,
          fails(
            `${text}; the file is damaged: ${verdict.why}`,
            'restart NKVM: it sets the file aside, continues from its newest copy and its journal, and takes the rest from the manifests'
          ),
        ];
    }
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    const text = `there is no history file ${path} yet`;
    return [
      ...found,
      warns(text, 'run the doctor again in a minute; it is made when NKVM has started'),
    ];
  }
}
