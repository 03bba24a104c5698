/**
 * @param after ids of sections, the preferred one first.
 * @returns the sections with `own` behind the first one of `after` that is there, or else at the end.
 */
export function placed<S>(own: S, sections: S[], after: string[]): S[] {
  const at = after
    .map(id => sections.findIndex(each => (each as { id?: string } | null)?.id === id))
    .find(index => index >= 0);
  return at === undefined
    ? [...sections, own]
    : [...sections.slice(0, at + 1), own, ...sections.slice(at + 1)];
}
