import type { DESTINATION_KINDS } from '../../api/index.ts';
import { directory } from './directory/kind.ts';
import { ftp, ftps } from './ftp/kind.ts';
import type { Kind } from './kind.ts';
import { restic } from './restic/kind.ts';
import { rsync } from './rsync/kind.ts';
import { s3 } from './s3/kind.ts';
import { scp } from './ssh/scpKind.ts';
import { sftp } from './ssh/sftpKind.ts';

/** The kinds of destinations that a Secret can configure, by the value of its label. */
export const KINDS: Partial<Record<(typeof DESTINATION_KINDS)[number], Kind<unknown>>> = {
  directory,
  s3,
  scp,
  restic,
  sftp,
  ftp,
  ftps,
  rsync,
};
