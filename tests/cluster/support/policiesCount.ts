import { kubectl } from './kubectl.ts';
import { until } from './until.ts';

const CLAIM = {
  ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim' },
  metadata: { name: 'probe', namespace: 'default', labels: { backup: 'hourly' } },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
};

/** Waits until new claims with the label get a source: the API server uses a new policy a few seconds after it has taken it. */
export const policiesCount = (): Promise<string> =>
  until(
    'new claims with the label get a source',
    () => {
      const path = '--output=jsonpath={.spec.dataSourceRef.kind}';
      const args = ['create', '--dry-run=server', path, '--filename=-'];
      return kubectl(args, JSON.stringify(CLAIM));
    },
    60_000,
    500
  );
