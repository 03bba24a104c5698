import { useEffect, useState } from 'react';
import { failureOf } from '../api/failure';
import { findPlaces, type FoundPlace } from '../api/session/discovery';
import { placeOf, proxyPathOf } from '../api/session/place';

/** Services that look like NKVM in other places than the one that is asked now, or why there are none to show. */
export type Search = FoundPlace[] | 'noRight' | 'failed';

/** Searches a cluster for NKVM. */
export async function searchPlaces(cluster: string): Promise<Search> {
  try {
    const now = proxyPathOf(placeOf(cluster));
    return (await findPlaces(cluster)).filter(place => proxyPathOf(place) !== now);
  } catch (error) {
    return failureOf(error).status === 403 ? 'noRight' : 'failed';
  }
}

/** @returns undefined until the cluster has answered. */
export function useFoundPlaces(cluster: string): Search | undefined {
  const [search, setSearch] = useState<Search>();
  useEffect(() => {
    let isOver = false;
    void searchPlaces(cluster).then(answer => isOver || setSearch(answer));
    return () => void (isOver = true);
  }, [cluster]);
  return search;
}
