import type { Component } from './sbom.ts';

/**
 * @param status `/var/lib/dpkg/status`
 * @param copyrightOf `/usr/share/doc/PACKAGE/copyright`; undefined: there is none
 * @param release of Debian, e.g. `13`
 * @returns the installed packages
 */
export function debianComponents(
  status: string,
  copyrightOf: (name: string) => string | undefined,
  release: string
): Component[] {
  return status
    .split(/\n{2,}/)
    .map(fieldsOf)
    .filter(({ Status }) => Status === 'install ok installed')
    .map(({ Package: name = '', Version: version = '', Architecture: architecture = '' }) => {
      const escaped = version.replaceAll(':', '%3A').replaceAll('+', '%2B');
      const purl = `pkg:deb/debian/${name.replaceAll(
        '+',
        '%2B'
      )}@${escaped}?arch=${architecture}&distro=debian-${release}`;
      const licenses = licencesIn(copyrightOf(name) ?? '');
      return {
        type: 'library' as const,
        'bom-ref': purl,
        ...{ name, version, purl },
        ...(licenses.length > 0 && {
          licenses: licenses.map(licence => ({ license: { name: licence } })),
        }),
      };
    });
}

function fieldsOf(paragraph: string): Record<string, string> {
  const lines = paragraph.split('\n').filter(line => /^[A-Z][\w-]*: /.test(line));
  return Object.fromEntries(
    lines.map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)])
  );
}

/** @returns the short names in a copyright file that machines can read, each once; none where it is prose. */
function licencesIn(copyright: string): string[] {
  const names = copyright
    .split('\n')
    .filter(line => line.startsWith('License:'))
    .map(line => line.slice('License:'.length).trim());
  return [...new Set(names.filter(Boolean))].sort();
}
