import { expect, it, onTestFinished } from 'vitest';
import type { HelperSpec } from '../../sidecar/src/helper/manifest.ts';
import { helperPod } from '../../sidecar/src/helper/manifest.ts';
import { exampleHelperSettings } from '../../sidecar/src/testing/helper/exampleHelperSettings.ts';
import { kubectl } from './support/kubectl.ts';
import { IMAGE } from './support/verify-pod.ts';

const NAMESPACE = 'shop';
const here = `--namespace=${NAMESPACE}`;

/** Starts a helper pod on a claim that is in use, and waits until it runs. @returns what runs a line in it. */
function startHelper(access: HelperSpec['access']): (line: string) => string {
  const pod = helperPod({
    runId: `test-${access}`,
    attempt: 1,
    installation: 'test',
    claimName: 'orders-db',
    access,
    settings: { ...exampleHelperSettings, image: IMAGE },
    node: null,
    deadlineMs: 300_000,
  });
  const name = pod.metadata?.name ?? '';
  onTestFinished(
    () => void kubectl(['delete', 'pod', name, here, '--ignore-not-found', '--wait=true'])
  );
  kubectl(['create', here, '--filename=-'], JSON.stringify(pod));
  kubectl(['wait', '--for=condition=Ready', `pod/${name}`, here, '--timeout=180s']);
  return line => kubectl(['exec', name, here, '--', 'sh', '-c', line]);
}

it('reads a volume of a CSI driver that another pod writes to on the same node, and cannot write to it', () => {
  const write = startHelper('write');
  const read = startHelper('read');
  onTestFinished(() => void write('rm -f /volume/.written'));
  write('echo restored >/volume/.written && chown 1234:1234 /volume/.written');
  expect(read('cat /volume/.written; stat -c %u /volume/.written')).toBe('restored\n1234\n');
  expect(() => read('echo x >>/volume/.written')).toThrow(/Read-only file system/);
  expect(() => read('touch /volume/new')).toThrow(/Read-only file system/);
  // The claim, not only its mount: field 6 of mountinfo is of the mount, the last one of the file system.
  expect(read("grep ' /volume ' /proc/self/mountinfo | cut -d' ' -f6")).toMatch(/^ro,/);
  expect(write("grep ' /volume ' /proc/self/mountinfo | cut -d' ' -f6")).toMatch(/^rw,/);
});
