/** On a claim that a restore has made, until its contents are proven: the id of the run. */
export const RESTORING = 'nkvm.io/restoring';

/** On a claim that a restore which failed has made and could not delete: the id of the run. */
export const INCOMPLETE = 'nkvm.io/incomplete';

/** Beside the two: the installation that the run belongs to. Another one's claims are never touched. */
export const MADE_BY = 'nkvm.io/installation';

/** The annotations of a claim about a restore that did not prove its contents. */
export interface RestoreMark {
  state: 'restoring' | 'incomplete';
  runId: string;
  /** Null where somebody has removed the annotation. */
  installation: string | null;
}

/** @returns undefined for a claim that no restore has made, or whose restore has succeeded. */
export function restoreMarkOf(
  annotations: Record<string, string> | undefined
): RestoreMark | undefined {
  const state = annotations?.[INCOMPLETE] === undefined ? 'restoring' : 'incomplete';
  const runId = annotations?.[state === 'restoring' ? RESTORING : INCOMPLETE];
  if (runId === undefined) return undefined;
  return { state, runId, installation: annotations?.[MADE_BY] ?? null };
}
