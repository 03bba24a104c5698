import { useEffect, useRef, useState } from 'react';
import { type Trouble, troubleOf } from '../api/trouble';

export interface Action {
  isBusy: boolean;
  /** Why it did not work; undefined while it goes on. */
  trouble: Trouble | undefined;
  /** A second call while one is under way does nothing. */
  start(act: (signal: AbortSignal) => Promise<unknown>): Promise<void>;
  /** Forgets what went wrong. */
  reset(): void;
}

/** Something that a person starts and that takes a while. It is aborted when the person leaves the page. */
export function useAction(): Action {
  const [isBusy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<Trouble>();
  const underWay = useRef<AbortController>();
  useEffect(() => () => underWay.current?.abort(), []);
  return {
    isBusy,
    trouble,
    async start(act) {
      if (underWay.current) return;
      const controller = new AbortController();
      underWay.current = controller;
      setBusy(true);
      setTrouble(undefined);
      try {
        await act(controller.signal);
      } catch (error) {
        if (!controller.signal.aborted) setTrouble(troubleOf(error));
      } finally {
        underWay.current = undefined;
        if (!controller.signal.aborted) setBusy(false);
      }
    },
    reset: () => setTrouble(undefined),
  };
}
