import { expect, it } from 'vitest';
import { debianComponents } from '../../deploy/supply/debian.ts';
import type { Component } from '../../deploy/supply/sbom.ts';
import { sbomText, shippedOf } from '../../deploy/supply/sbom.ts';

const component = (name: string, more: object = {}): Component => ({
  type: 'library',
  'bom-ref': `${name}@1.0.0`,
  name,
  version: '1.0.0',
  purl: `pkg:npm/${name}@1.0.0`,
  hashes: [{ alg: 'SHA-512', content: 'ab' }],
  ...more,
});
const bom = {
  components: [
    component('b', { scope: 'optional', licenses: [{ license: { id: 'MIT' } }] }),
    component('a', { licenses: [] }),
    component('unused'),
  ],
  dependencies: [
    { ref: 'a@1.0.0', dependsOn: ['unused@1.0.0', 'b@1.0.0'] },
    { ref: 'unused@1.0.0', dependsOn: ['a@1.0.0'] },
  ],
};
const shipped = ['a', 'b'].map(name => ({ name, version: '1.0.0', license: 'ISC', root: '/' }));

it('describes what is shipped, with digests, licences and what needs what, and nothing else', () => {
  expect(shippedOf(bom, shipped)).toEqual({
    components: [
      component('a', { scope: 'required', licenses: [{ license: { id: 'ISC' } }] }),
      component('b', { scope: 'required', licenses: [{ license: { id: 'MIT' } }] }),
    ],
    dependencies: [{ ref: 'a@1.0.0', dependsOn: ['b@1.0.0'] }],
  });
});

it('refuses a package that the lockfile does not have', () =>
  expect(() => shippedOf(bom, [{ ...shipped[0]!, version: '2.0.0' }])).toThrow(
    'a@2.0.0 is installed, and not in package-lock.json'
  ));

it('gives the same bytes for the same contents, in whatever order', () => {
  const about = { name: 'x', version: '1', type: 'container', description: '' } as const;
  const { components, dependencies } = shippedOf(bom, shipped);
  const text = sbomText(about, { components, dependencies });
  expect(sbomText(about, { components: [...components].reverse(), dependencies })).toBe(text);
  expect(text).not.toMatch(/timestamp|serialNumber/);
});

it('reads the packages of Debian, with version, architecture and licences', () => {
  const status = `Package: libstdc++6
Status: install ok installed
Architecture: amd64
Version: 1:14.2.0-19+b1
Description: library
 Version: of no field

Package: removed
Status: deinstall ok config-files
Version: 1
Architecture: all
`;
  const copyright = 'Files: *\nLicense: GPL-3+\n\nFiles: x\nLicense: MIT\n\nLicense: GPL-3+\n text';
  expect(debianComponents(status, () => copyright, '13')).toEqual([
    {
      type: 'library',
      'bom-ref': 'pkg:deb/debian/libstdc%2B%2B6@1%3A14.2.0-19%2Bb1?arch=amd64&distro=debian-13',
      name: 'libstdc++6',
      version: '1:14.2.0-19+b1',
      purl: 'pkg:deb/debian/libstdc%2B%2B6@1%3A14.2.0-19%2Bb1?arch=amd64&distro=debian-13',
      licenses: [{ license: { name: 'GPL-3+' } }, { license: { name: 'MIT' } }],
    },
  ]);
});
