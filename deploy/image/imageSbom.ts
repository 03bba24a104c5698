import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildah } from '../../tests/cluster/machine/buildah.ts';
import { run } from '../../tests/cluster/machine/run.ts';
import { debianComponents } from '../supply/debian.ts';
import type { Component, Contents } from '../supply/sbom.ts';
import { aboutPackage, sbomText } from '../supply/sbom.ts';

const REPOSITORY = join(import.meta.dirname, '../..');

/**
 * @param bundle path of the bill of materials of the sidecar's bundle
 * @returns that of the whole image: the bundle, Node and all packages of Debian
 */
export function imageSbom(image: string, bundle: string): string {
  const container = buildah(['from', '--pull-never', image]).trim();
  try {
    const root = buildah(['mount', container]).trim();
    const ofBundle = JSON.parse(readFileSync(bundle, 'utf8')) as Contents;
    const components = [...ofBundle.components, nodeOf(root), ...debianOf(root)];
    return sbomText(
      { ...aboutPackage(REPOSITORY), type: 'container' },
      { components, dependencies: ofBundle.dependencies }
    );
  } finally {
    buildah(['rm', container]);
  }
}

function nodeOf(root: string): Component {
  const version = run(join(root, 'usr/local/bin/node'), ['--version']).trim().replace(/^v/, '');
  const purl = `pkg:generic/node@${version}`;
  const licenses = [{ license: { id: 'MIT' } }];
  return { type: 'application', 'bom-ref': purl, name: 'node', version, purl, licenses };
}

function debianOf(root: string): Component[] {
  const release = /^VERSION_ID="?([^"\n]+)/m.exec(
    readFileSync(join(root, 'etc/os-release'), 'utf8')
  );
  return debianComponents(
    readFileSync(join(root, 'var/lib/dpkg/status'), 'utf8'),
    name => {
      const file = join(root, 'usr/share/doc', name, 'copyright');
      return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
    },
    release?.[1] ?? 'unknown'
  );
}
