import { useHistory, useLocation } from 'react-router-dom';

/**
 * The query of the page's address, and how to change some of it. Going back leads through those changes that are steps.
 */
export function useUrlParameters(): [
  URLSearchParams,
  (changes: Record<string, string | undefined>, isStep?: boolean) => void
] {
  const history = useHistory();
  const { search } = useLocation();
  const change = (changes: Record<string, string | undefined>, isStep = false) => {
    // As it is now: Headlamp's own filters may have changed it since.
    const { location } = history;
    const parameters = new URLSearchParams(location.search);
    for (const [name, value] of Object.entries(changes)) {
      if (value) parameters.set(name, value);
      else parameters.delete(name);
    }
    const next = { ...location, search: parameters.toString() };
    if (isStep) history.push(next);
    else history.replace(next);
  };
  return [new URLSearchParams(search), change];
}
