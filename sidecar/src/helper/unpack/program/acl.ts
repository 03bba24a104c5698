const TAGS: Record<number, string> = {
  0x01: 'user',
  0x02: 'user',
  0x04: 'group',
  0x08: 'group',
  0x10: 'mask',
  0x20: 'other',
};
const NAMED = [0x02, 0x08];

/**
 * The text of an ACL from its extended attribute (`system.posix_acl_access`): with numbers, where tar's own text has names,
 * which may be another person's in the pod.
 * @returns undefined when it is not one
 */
export function aclTextOf(value: string): string | undefined {
  const bytes = Buffer.from(value, 'latin1');
  if (bytes.length < 4 || (bytes.length - 4) % 8 !== 0 || bytes.readUInt32LE(0) !== 2) {
    return undefined;
  }
  const lines: string[] = [];
  for (let at = 4; at < bytes.length; at += 8) {
    const tag = bytes.readUInt16LE(at);
    const rights = bytes.readUInt16LE(at + 2);
    const name = TAGS[tag];
    if (name === undefined) return undefined;
    const id = NAMED.includes(tag) ? bytes.readUInt32LE(at + 4) : '';
    const letters = [...'rwx'].map((letter, bit) => (rights & (4 >> bit) ? letter : '-')).join('');
    lines.push(`${name}:${id}:${letters}\n`);
  }
  return lines.join('');
}

/** @returns the same text for the same ACL: order, separators and comments on effective rights do not matter. */
export const sameAclText = (text = ''): string =>
  text
    .split(/[,\n]/)
    .map(line => line.replace(/#.*/, '').trim())
    .filter(line => line !== '')
    .sort()
    .join(',');
