import { useRef, useState } from 'react';
import { failureOf } from '../api/failure';
import { changeMetadata, type MetadataChange, type ObjectRef } from '../api/objects';
import { refresh } from '../api/queries/queries';

/** An object of a cluster. */
export interface Target extends ObjectRef {
  cluster: string;
}

/** What became of a change of several objects. */
export interface Changed {
  done: number;
  /** The API server's own words. */
  refused: { target: Target; message: string }[];
}

/** So many requests at a time: Headlamp's server and the API server serve others, too. */
const AT_ONCE = 4;

/** Changes objects one after another, as the person who is logged in. @returns what became of it; never throws. */
export async function changeAll(targets: Target[], change: MetadataChange): Promise<Changed> {
  const waiting = [...targets];
  const changed: Changed = { done: 0, refused: [] };
  const work = async () => {
    for (let target = waiting.shift(); target; target = waiting.shift()) {
      try {
        await changeMetadata(target.cluster, target, change);
        changed.done += 1;
      } catch (error) {
        changed.refused.push({ target, message: failureOf(error).message });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return changed;
}

/** Changes labels and annotations of objects. */
export function useChanges() {
  const [isBusy, setBusy] = useState(false);
  const [refused, setRefused] = useState<Changed['refused']>([]);
  const isUnderWay = useRef(false);
  return {
    isBusy,
    refused,
    forget: () => setRefused([]),
    /** @returns whether all were changed. A second call while one is under way does nothing. */
    async change(targets: Target[], change: MetadataChange): Promise<boolean> {
      if (isUnderWay.current) return false;
      isUnderWay.current = true;
      setBusy(true);
      setRefused([]);
      const result = await changeAll(targets, change);
      isUnderWay.current = false;
      setBusy(false);
      setRefused(result.refused);
      for (const cluster of new Set(targets.map(({ cluster }) => cluster))) void refresh(cluster);
      return result.refused.length === 0;
    },
  };
}
