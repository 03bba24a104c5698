import { parseArchiveName, withoutArchiveNames } from '../archive/name.ts';
import type { RunRecord } from '../history/history.ts';

/** The volume that the archive of a restore is of. */
export type SourceVolume =
  /** The one that is restored into, or nobody's: an upload is for whoever may restore into its namespace. */
  | 'own'
  /** Nothing says which. */
  | 'unknown'
  /** Of another cluster, names say nothing here. */
  | { namespace: string; name: string; namespaceUid: string | null; isElsewhere: boolean };

/** @returns the volume that the archive of a restore is of; of other runs `own`. */
export function sourceOf({ details, namespace, name }: RunRecord): SourceVolume {
  if (details?.kind !== 'restore' || details.backup.startsWith('upload:')) return 'own';
  const of = details.source;
  if (of.namespace === null || of.name === null) return 'unknown';
  const isElsewhere = of.cluster !== undefined;
  if (!isElsewhere && of.namespace === namespace && of.name === name) return 'own';
  return { namespace: of.namespace, name: of.name, namespaceUid: of.namespaceUid, isElsewhere };
}

/**
 * @returns what takes the name of the source, and of its archives, out of texts about a restore: people who may see the
 *   claim that was restored into do not always see the other one.
 */
export function withoutSource(run: RunRecord): (text: string) => string {
  const source = sourceOf(run);
  if (source === 'own' || run.details?.kind !== 'restore') return text => text;
  const { archive } = run.details;
  const parts = parseArchiveName(archive);
  const claims = [
    source === 'unknown' ? '' : `${source.namespace}/${source.name}`,
    parts ? `${parts.namespace}/${parts.pvc}` : '',
  ].filter(Boolean);
  const hidden: (string | RegExp)[] = [...(archive ? [archive] : []), ...claims.map(wholeName)];
  return text =>
    hidden.reduce<string>((left, it) => left.replaceAll(it, '…'), withoutArchiveNames(text));
}

/** `shop/orders` is not a part of `shop/orders-restored`, nor of `shop/orders.v2`. */
const wholeName = (claim: string): RegExp =>
  new RegExp(`(?<![a-z0-9.-])${claim.replaceAll('.', '\\.')}(?!-|\\.?[a-z0-9])`, 'g');
