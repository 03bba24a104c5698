import type { V1Secret } from '@kubernetes/client-node';
import { DESTINATION_LABEL } from '../../../api/index.ts';
import type { Gateway } from '../gateway/gateway.ts';
import type { Raw } from '../watch/projections.ts';
import type { LabelledSecrets, LabelledSecretsOptions } from './labelledSecrets.ts';
import { textIn, watchLabelledSecrets } from './labelledSecrets.ts';

/** A Secret that configures a destination. */
export interface DestinationSecret {
  name: string;
  /** The value of the label; any text. */
  kind: string;
  /** The texts of its keys; null for what is not UTF-8. Never to be shown. */
  data: Readonly<Record<string, string | null>>;
  annotations: Readonly<Record<string, string>>;
}

/** The Secrets with the label of a destination, from a watch of NKVM's own namespace. */
export type DestinationSecrets = LabelledSecrets<DestinationSecret>;

export const watchDestinationSecrets = (
  gateway: Pick<Gateway, 'json' | 'stream'>,
  options: LabelledSecretsOptions
): DestinationSecrets =>
  watchLabelledSecrets(
    gateway,
    { label: DESTINATION_LABEL, what: 'secrets of destinations', project: secretOf },
    options
  );

function secretOf({ metadata, data }: Raw<V1Secret>): DestinationSecret | undefined {
  const kind = metadata?.labels?.[DESTINATION_LABEL];
  if (kind === undefined || !metadata?.name) return undefined;
  const texts = Object.entries(data ?? {}).map(([key, value]) => [key, textIn(value)] as const);
  const own = Object.entries(metadata.annotations ?? {}).filter(([name]) =>
    name.startsWith('nkvm.io/')
  );
  return {
    name: metadata.name,
    kind,
    data: Object.fromEntries(texts),
    annotations: Object.fromEntries(own),
  };
}
