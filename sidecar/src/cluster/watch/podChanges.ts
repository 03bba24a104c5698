/** A pod whose changes somebody waits for. */
export interface FollowedPod {
  /**
   * Waits until the watch has brought something about the pod since the last call, but never longer than `ms`: a watch can be
   * broken, or late.
   * @throws the reason of `signal`
   */
  changed(ms: number, signal?: AbortSignal): Promise<void>;
  /** To be called when nobody waits any more. */
  end(): void;
}

/** Follows the pod that has this name, whatever its UID. */
export type FollowPod = (namespace: string, name: string) => FollowedPod;

/** Tells those who follow a pod that something about it has come. It does not say what: they look at the pod themselves. */
export function podChanges(): {
  tell(pod: { namespace: string; name: string }): void;
  follow: FollowPod;
} {
  const followers = new Map<string, Set<() => void>>();
  return {
    tell: ({ namespace, name }) =>
      followers.get(`${namespace}/${name}`)?.forEach(follower => follower()),

    follow(namespace, name) {
      const key = `${namespace}/${name}`;
      let isChanged = false;
      let wake = (): void => undefined;
      const follower = (): void => {
        isChanged = true;
        wake();
      };
      followers.set(key, (followers.get(key) ?? new Set()).add(follower));
      return {
        async changed(ms, signal) {
          signal?.throwIfAborted();
          if (!isChanged) {
            const { promise, resolve } = Promise.withResolvers<void>();
            wake = () => resolve();
            const timer = setTimeout(wake, ms);
            signal?.addEventListener('abort', wake, { once: true });
            await promise;
            clearTimeout(timer);
            signal?.removeEventListener('abort', wake);
          }
          isChanged = false;
          signal?.throwIfAborted();
        },
        end() {
          const ofPod = followers.get(key);
          ofPod?.delete(follower);
          if (ofPod?.size === 0) followers.delete(key);
        },
      };
    },
  };
}
