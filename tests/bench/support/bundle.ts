import { spawnSync } from 'node:child_process';

/** Bundles the sidecar as for the image. @throws Error when that fails. */
export function bundleSidecar(): void {
  const { status } = spawnSync('npm', ['run', '--silent', 'bundle', '-w', 'sidecar'], {
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error('the sidecar could not be bundled: see above');
}
