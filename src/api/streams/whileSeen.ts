/**
 * Does something while the tab is seen. Browsers open six connections to a server over HTTP/1.1, for all tabs together: streams of
 * tabs that nobody sees would take them all, and Headlamp would get no answer any more.
 *
 * @param act goes on until its signal aborts; it is called again when the tab is seen again
 * @returns how to end it.
 */
export function whileSeen(act: (signal: AbortSignal) => void): () => void {
  let end: AbortController | undefined;
  const onVisibility = () => {
    if (document.hidden) {
      end?.abort();
      end = undefined;
    } else if (!end) {
      end = new AbortController();
      act(end.signal);
    }
  };
  onVisibility();
  document.addEventListener('visibilitychange', onVisibility);
  return () => {
    document.removeEventListener('visibilitychange', onVisibility);
    end?.abort();
  };
}
