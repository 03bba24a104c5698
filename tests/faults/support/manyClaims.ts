import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { RUN } from '../../cluster/machine/paths.ts';
import { kubectl } from '../../cluster/support/kubectl.ts';
import { applyIn, claimOf } from './volume.ts';

const NAMESPACE = 'faults-many';
const KIB = 1024;

/** Makes many bound claims of one small directory, in a namespace of their own, for the time of one test. */
export function manyClaims(count: number): { namespace: string; name: string }[] {
  const path = join(RUN, 'faults', NAMESPACE);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'noise'), randomBytes(100 * KIB));
  const names = Array.from({ length: count }, (_, index) => `many-${process.pid}-${index}`);
  onTestFinished(() => {
    kubectl(['delete', `namespace/${NAMESPACE}`, '--ignore-not-found', '--timeout=400s']);
    kubectl(['delete', 'pv', ...names, '--ignore-not-found', '--timeout=180s']);
    rmSync(path, { recursive: true });
  });
  const volumes = names.map(name => ({ namespace: NAMESPACE, name, directory: path }));
  applyIn(
    NAMESPACE,
    volumes.flatMap(volume => claimOf(volume, '1Mi'))
  );
  const bound = ['--for=jsonpath={.status.phase}=Bound', '--timeout=180s'];
  kubectl(['wait', 'pvc', '--all', `--namespace=${NAMESPACE}`, ...bound]);
  return names.map(name => ({ namespace: NAMESPACE, name }));
}
