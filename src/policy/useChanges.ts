import { useRef, useState } from 'react';
import { changeMetadata, type MetadataChange, type ObjectRef } from '../api/objects';
import { refresh } from '../api/queries/queries';
import { type NotDone, notDoneOf } from '../api/session/apiServer';

/** An object of a cluster. */
export interface Target extends ObjectRef {
  cluster: string;
}

/** What became of a change of several objects. */
export interface Changed {
  done: number;
  failed: { target: Target; why: NotDone }[];
}

/** So many requests at a time: Headlamp's server and the API server serve others, too. */
const AT_ONCE = 4;

/** Changes objects one after another, as the person who is logged in. @returns what became of it; never throws. */
export async function changeAll(targets: Target[], change: MetadataChange): Promise<Changed> {
  const waiting = [...targets];
  const changed: Changed = { done: 0, failed: [] };
  const work = async () => {
    for (let target = waiting.shift(); target; target = waiting.shift()) {
      try {
        await changeMetadata(target.cluster, target, change);
        changed.done += 1;
      } catch (error) {
        changed.failed.push({ target, why: notDoneOf(error) });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return changed;
}

/** Changes labels and annotations of objects. */
export function useChanges() {
  const [isBusy, setBusy] = useState(false);
  const [failed, setFailed] = useState<Changed['failed']>([]);
  const isUnderWay = useRef(false);
  return {
    isBusy,
    failed,
    forget: () => setFailed([]),
    /** @returns whether all were changed. A second call while one is under way does nothing. */
    async change(targets: Target[], change: MetadataChange): Promise<boolean> {
      if (isUnderWay.current) return false;
      isUnderWay.current = true;
      setBusy(true);
      setFailed([]);
      const result = await changeAll(targets, change);
      isUnderWay.current = false;
      setBusy(false);
      setFailed(result.failed);
      for (const cluster of new Set(targets.map(({ cluster }) => cluster))) void refresh(cluster);
      return result.failed.length === 0;
    },
  };
}
