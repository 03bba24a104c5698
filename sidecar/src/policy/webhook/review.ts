import { z } from 'zod';
import { RESTORING } from '../../cluster/writes/restoreMark.ts';

const Claim = z.object({
  metadata: z.object({
    name: z.string().optional(),
    annotations: z.record(z.string(), z.string()).nullish(),
    ownerReferences: z.array(z.object({ kind: z.string() })).nullish(),
  }),
  spec: z.object({
    dataSource: z.unknown().optional(),
    dataSourceRef: z.unknown().optional(),
    selector: z.unknown().optional(),
    volumeName: z.string().nullish(),
    volumeMode: z.string().nullish(),
    storageClassName: z.string().nullish(),
  }),
});

/** The part of an AdmissionReview of admission.k8s.io/v1 that is used here. */
const Review = z.object({
  apiVersion: z.literal('admission.k8s.io/v1'),
  kind: z.literal('AdmissionReview'),
  request: z.object({ uid: z.string().min(1), operation: z.string(), object: Claim }),
});

/** An answer of admission.k8s.io/v1. */
export interface Reviewed {
  apiVersion: 'admission.k8s.io/v1';
  kind: 'AdmissionReview';
  response: { uid: string; allowed: true; patchType?: 'JSONPatch'; patch?: string };
}

/**
 * Adds to a claim that is being created the dataSourceRef that makes Kubernetes wait for NKVM. That a claim asks for backups is
 * decided by the selectors of the webhook, because a review does not tell the labels of the namespace. The other conditions are
 * those of deploy/k8s/zero-touch.
 *
 * @param body of the request, parsed
 * @throws ZodError when it is not a review of a claim: it is not answered, and the failure policy applies
 */
export function review(body: unknown): Reviewed {
  const { request } = Review.parse(body);
  const { uid, operation, object } = request;
  const answer = { uid, allowed: true as const };
  const name = object.metadata.name;
  const isChanged = operation === 'CREATE' && name !== undefined && canBeRestored(object);
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: isChanged ? { ...answer, patchType: 'JSONPatch', patch: patchFor(name) } : answer,
  };
}

function canBeRestored({ metadata, spec }: z.infer<typeof Claim>): boolean {
  const hasOtherData = [spec.dataSource, spec.dataSourceRef, spec.selector].some(
    each => each !== undefined && each !== null
  );
  if (!metadata.name || hasOtherData || spec.volumeName) return false;
  if (spec.storageClassName === '' || (spec.volumeMode ?? 'Filesystem') !== 'Filesystem')
    return false;
  if (metadata.ownerReferences?.some(({ kind }) => kind === 'Pod')) return false;
  return metadata.annotations?.[RESTORING] === undefined;
}

const patchFor = (name: string): string => {
  const value = { apiGroup: 'nkvm.io', kind: 'BackupRestore', name };
  const patch = [{ op: 'add', path: '/spec/dataSourceRef', value }];
  return Buffer.from(JSON.stringify(patch)).toString('base64');
};
