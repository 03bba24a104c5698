import { useSnackbar } from 'notistack';
import { useRef, useState } from 'react';
import { archiveClient, type ArchiveRef } from '../api/clients/archiveClient';
import { partsOf } from '../api/clusterRef';
import { connectionTo } from '../api/session/connection';
import { troubleOf } from '../api/trouble';
import { actionText } from '../setup/troubleText';
import { useText } from '../ui/text';
import { save } from './save';

export interface Download {
  /** @param paths in the archive; empty: the whole archive, as it is stored; of an increment, all of the volume. Tells how it went. */
  download(archive: ArchiveRef, paths: string[]): Promise<void>;
  isBusy: boolean;
}

/** Downloads what is in archives. One at a time: a second click is none. */
export function useDownload(cluster: string): Download {
  const { t } = useText();
  const { enqueueSnackbar } = useSnackbar();
  const [isBusy, setBusy] = useState(false);
  const isUnderWay = useRef(false);

  async function download(archive: ArchiveRef, paths: string[]) {
    if (isUnderWay.current) return;
    isUnderWay.current = true;
    setBusy(true);
    const tell = (error: unknown): void => {
      const why = actionText(troubleOf(error), t);
      enqueueSnackbar(`${t('The download failed')}. ${why}`, { variant: 'error' });
    };
    try {
      const ticket = await archiveClient(connectionTo(cluster)).startDownload(archive, paths);
      const saved = await save(partsOf(cluster).home, ticket, tell);
      const { fileName } = ticket;
      if (saved === 'started') enqueueSnackbar(t('Downloading {{fileName}}', { fileName }));
      if (saved === 'done') {
        enqueueSnackbar(t('{{fileName}} is saved', { fileName }), { variant: 'success' });
      }
    } catch (error) {
      tell(error);
    } finally {
      isUnderWay.current = false;
      setBusy(false);
    }
  }
  return { download, isBusy };
}
