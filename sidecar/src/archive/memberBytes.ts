/**
 * Bytes of tar in each gzip member of an archive, except the last: byte N of the tar is in member N / MEMBER_RAW_BYTES.
 * Archives of earlier versions, and of other programs, are one member.
 */
export const MEMBER_RAW_BYTES = 64 * 1024 * 1024;
