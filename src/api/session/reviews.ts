import { ApiProxy } from '@kinvolk/headlamp-plugin/lib';

/** A question to the API server on one right. Absent `name`: on every object. */
export interface RightQuestion {
  verb: string;
  resource: string;
  group?: string;
  subresource?: string;
  namespace: string;
  name?: string;
}

/** Asks whether the person at the browser may do it. @returns undefined where the API server did not say. */
export async function mayI(cluster: string, right: RightQuestion): Promise<boolean | undefined> {
  try {
    const { status } = await ApiProxy.post(
      '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
      {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes: right },
      },
      false,
      { cluster }
    );
    return typeof status?.allowed === 'boolean' ? status.allowed : undefined;
  } catch {
    return undefined;
  }
}
