import { select } from '../archive/index/select.ts';
import type { Archives } from '../browse/archives.ts';
import type { ArchiveRef } from '../browse/openArchive.ts';
import { tarOfSelection } from '../browse/tarOfSelection.ts';
import type { SelectEntries } from './attempt.ts';
import type { SourceArchive } from './types.ts';

/** @returns an archive as it is opened to be read from. */
export const refOf = ({ destination, key, manifest, bytes }: SourceArchive): ArchiveRef => ({
  ...{ destination, key, manifest, bytes },
});

/** Finds entries by the index of the archive, which is made first where there is none that its manifest vouches for. */
export const entriesOf =
  (archives: () => Pick<Archives, 'openVouched'>): SelectEntries =>
  async (source, paths, signal) => {
    const archive = await archives().openVouched(refOf(source), signal);
    const selection = select(archive.index, paths);
    const { entries, bytes, rawBytes } = selection;
    return {
      ...{ entries, bytes, rawBytes },
      open: ending => tarOfSelection(archive, selection, ending, true),
    };
  };
