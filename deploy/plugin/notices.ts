import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkLicences } from '../supply/allowedLicences.ts';
import { licenceTexts, packagesOf } from '../supply/packages.ts';
import { aboutPackage, npmContents, sbomText } from '../supply/sbom.ts';
import { modulesOfPlugin } from './modules.ts';

/**
 * Writes beside the plugin what is in it: `dist/THIRD-PARTY-LICENSES.txt` and the bill of materials, `dist/sbom.cdx.json`.
 * @param root of the plugin. @throws Error that names a package whose licence does not allow that
 */
export async function writeNotices(root: string): Promise<void> {
  const packages = packagesOf(await modulesOfPlugin(root));
  checkLicences(packages);
  writeFileSync(join(root, 'dist/THIRD-PARTY-LICENSES.txt'), licenceTexts(packages));
  const sbom = sbomText(aboutPackage(root), npmContents(packages));
  writeFileSync(join(root, 'dist/sbom.cdx.json'), sbom);
}
