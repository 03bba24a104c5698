/** `npm run package`: makes the archive that Headlamp installs, of what `npm run build` has built; with licences and a bill of materials. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { writeNotices } from './notices.ts';

const HEADLAMP_PLUGIN = createRequire(import.meta.url).resolve(
  '@kinvolk/headlamp-plugin/bin/headlamp-plugin.js'
);

/**
 * Headlamp calls a plugin by the name of its folder, and headlamp-plugin takes for that the name of the checkout: so it
 * is shown one that is called nkvm.
 *
 * @param root of the plugin, with `package.json` and `dist/`.
 * @param out folder of the archive.
 */
export function packagePlugin(root: string, out: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'nkvm-package-'));
  try {
    const named = join(folder, 'nkvm');
    symlinkSync(resolve(root), named);
    execFileSync(process.execPath, [HEADLAMP_PLUGIN, 'package', named, resolve(out)], {
      stdio: 'inherit',
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const root = join(import.meta.dirname, '../..');
  await writeNotices(root);
  packagePlugin(root, root);
}
