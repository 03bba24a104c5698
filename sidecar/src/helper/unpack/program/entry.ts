/** Kinds of entries of a tar. The order is that of `Records`. */
export const TYPES = [
  'file',
  'directory',
  'symlink',
  'hardlink',
  'fifo',
  'character',
  'block',
] as const;
export type EntryType = (typeof TYPES)[number];

/** A piece of a sparse file that is not a hole. */
export interface Segment {
  offset: number;
  bytes: number;
}

/** Kinds of extended attributes that no pod can set. They are left out and counted. */
export type LeftOut = 'selinux' | 'acl' | 'xattr';

/** An entry of a tar. Names and values are bytes, one a character (`latin1`). */
export interface Entry {
  /** Without `./` in front and without `/` at the end; the root is empty. */
  path: string;
  type: EntryType;
  mode: number;
  uid: number;
  gid: number;
  seconds: number;
  nanoseconds: number;
  /** Size of the file's content, holes included. */
  size: number;
  /** Of a symbolic link as it is; of a hard link a path like `path`. */
  target: string;
  major: number;
  minor: number;
  /** Extended attributes in the order of the archive, without those of `leftOut`. */
  xattrs: [name: string, value: string][];
  aclAccess: string | undefined;
  aclDefault: string | undefined;
  leftOut: readonly LeftOut[];
  /** Of a sparse file: where its data belong. */
  segments: readonly Segment[] | undefined;
  /** Of a directory of a chain: its names, see dumpdir.ts. */
  dumpdir: string | undefined;
}

/** @returns an entry without attributes. */
export const plainEntry = (
  fields: Pick<Entry, 'path' | 'type' | 'mode' | 'uid' | 'gid' | 'seconds' | 'nanoseconds' | 'size'>
): Entry => ({
  ...fields,
  target: '',
  major: 0,
  minor: 0,
  xattrs: [],
  aclAccess: undefined,
  aclDefault: undefined,
  leftOut: [],
  segments: undefined,
  dumpdir: undefined,
});
