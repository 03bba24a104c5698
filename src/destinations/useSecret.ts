import { useRef, useState } from 'react';
import { refresh } from '../api/queries/queries';
import {
  secretsOf,
  type SecretTrouble,
  secretTroubleOf,
  type SecretVerb,
} from '../api/session/secrets';

/** Writes the Secret of a destination, as the person who is logged in. */
export function useSecret(cluster: string) {
  const [isBusy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<SecretTrouble>();
  const isUnderWay = useRef(false);
  return {
    isBusy,
    trouble,
    /** @returns whether it was written. A second call while one is under way does nothing. */
    async write(
      verb: SecretVerb,
      act: (secrets: ReturnType<typeof secretsOf>) => Promise<unknown>
    ): Promise<boolean> {
      if (isUnderWay.current) return false;
      isUnderWay.current = true;
      setBusy(true);
      setTrouble(undefined);
      try {
        await act(secretsOf(cluster));
        void refresh(cluster);
        return true;
      } catch (error) {
        setTrouble(secretTroubleOf(verb, error));
        return false;
      } finally {
        isUnderWay.current = false;
        setBusy(false);
      }
    },
  };
}
