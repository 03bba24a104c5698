import type { Pods } from '../cluster/gateway/pods.ts';
import { helperSelector, RUN_LABEL } from '../helper/names.ts';
import type { History } from '../history/history.ts';

export interface HelperLeaksOptions {
  pods: Pick<Pods, 'withLabels'>;
  history: Pick<History, 'get'>;
  installation: string;
  now: () => number;
}

/** A list of the pods of a big cluster is no small question, and a leak is no matter of seconds. */
const KEEP_MS = 5 * 60_000;

/**
 * @returns what counts the helper pods of this installation that belong to no run under way. It asks the API server
 * at most once in 5 minutes. It throws when the API server could not say.
 */
export function helperLeaks({ pods, history, installation, now }: HelperLeaksOptions) {
  let known: { at: number; count: Promise<number> } | undefined;
  const count = async (): Promise<number> => {
    const helpers = await pods.withLabels(helperSelector(installation));
    const isLeft = (id: string | undefined) => history.get(id ?? '')?.status !== 'running';
    return helpers.filter(pod => isLeft(pod.metadata?.labels?.[RUN_LABEL])).length;
  };
  return async (): Promise<number> => {
    if (known && now() - known.at < KEEP_MS) return await known.count;
    const asked = { at: now(), count: count() };
    known = asked;
    asked.count.catch(() => (known = undefined));
    return await asked.count;
  };
}
