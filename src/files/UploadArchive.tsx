import { Icon } from '@iconify/react';
import { Box, Button, LinearProgress, Stack, Typography } from '@mui/material';
import { useEffect, useRef, useState } from 'react';
import type { Upload } from '../../sidecar/api';
import { LackNote } from '../access/LackNote';
import { lackText, TO_WRITE, useLack } from '../access/useLack';
import { archiveClient } from '../api/clients/archiveClient';
import { connectionTo } from '../api/session/connection';
import { type Trouble, troubleOf } from '../api/trouble';
import { TroubleMessage } from '../setup/TroubleMessage';
import { Announcement } from '../ui/Announcement';
import { WithReason } from '../ui/buttons/WithReason';
import { formatBytes } from '../ui/bytes';
import { uploadIcon } from '../ui/icons';
import { Message } from '../ui/Message';
import { useText } from '../ui/text';
import { useFormatDate } from '../ui/time/useFormatDate';

interface UploadArchiveProps {
  cluster: string;
  /** The only one into which it can be restored. */
  namespace?: string;
  /** The upload that was made before, where it is known. */
  upload?: Upload;
  onUploaded(upload: Upload): void;
}

/** What is being sent. */
interface Sending {
  file: File;
  /** Bytes that have left the browser; undefined where it does not tell. */
  sent?: number;
}

/** Names that an archive has. The service looks into it, whatever it is called. */
const ACCEPTED = '.tar.gz,.tgz,application/gzip,application/x-gzip';

/** Chooses a `.tar.gz` of this computer and sends it to the service, which reads it as a whole before it takes it. */
export function UploadArchive({ cluster, namespace, upload, onUploaded }: UploadArchiveProps) {
  const { t, language } = useText();
  const formatDate = useFormatDate();
  const input = useRef<HTMLInputElement>(null);
  const [sending, setSending] = useState<Sending>();
  const [trouble, setTrouble] = useState<Trouble>();
  const lack = useLack(cluster, { namespace: namespace ?? '' }, TO_WRITE);
  const end = useRef<AbortController>();
  useEffect(() => () => end.current?.abort(), []);

  async function send(file: File) {
    const stop = new AbortController();
    end.current = stop;
    setTrouble(undefined);
    setSending({ file });
    try {
      const onProgress = (sent: number) => setSending({ file, sent });
      const uploaded = await archiveClient(connectionTo(cluster)).upload(
        { content: file, onProgress },
        stop.signal,
        namespace
      );
      if (!stop.signal.aborted) onUploaded(uploaded);
    } catch (error) {
      if (!stop.signal.aborted) setTrouble(troubleOf(error));
    } finally {
      setSending(undefined);
    }
  }

  return (
    <Stack spacing={1.5}>
      <input
        ref={input}
        type="file"
        accept={ACCEPTED}
        hidden
        aria-label={t('Archive to upload')}
        onChange={event => {
          const [file] = event.target.files ?? [];
          // The same file can be chosen again.
          event.target.value = '';
          if (file) void send(file);
        }}
      />
      {sending ? (
        <Progress sending={sending} onCancel={() => end.current?.abort()} />
      ) : (
        <Box>
          <WithReason why={lackText(lack, t)}>
            {about => (
              <Button
                variant="outlined"
                startIcon={<Icon icon={uploadIcon} />}
                onClick={lack ? undefined : () => input.current?.click()}
                sx={{ opacity: lack ? 0.5 : undefined }}
                {...about}
              >
                {upload ? t('Choose another file…') : t('Choose a file…')}
              </Button>
            )}
          </WithReason>
          <LackNote cluster={cluster} lacks={[lack]} />
        </Box>
      )}
      <TroubleMessage trouble={trouble} />
      {upload && !sending && (
        <Message severity="success">
          {t('The archive was uploaded and read to its end.')}{' '}
          {[
            formatBytes(upload.bytes, language),
            t('{{number}} files and folders', {
              count: upload.files,
              number: upload.files.toLocaleString(language),
            }),
            t('kept until {{date}}', { date: formatDate(upload.expiresAt) }),
          ].join(' · ')}
        </Message>
      )}
    </Stack>
  );
}

function Progress({ sending: { file, sent }, onCancel }: { sending: Sending; onCancel(): void }) {
  const { t, language } = useText();
  const isSent = sent !== undefined && sent >= file.size;
  const percent = sent === undefined || file.size === 0 ? undefined : (sent / file.size) * 100;
  const text = isSent ? t('NKVM reads the archive') : t('Uploading {{name}}', { name: file.name });
  return (
    <Box sx={{ border: 1, borderColor: 'divider', borderRadius: 1, p: 2 }}>
      <Announcement text={text} />
      <Stack direction="row" alignItems="center" flexWrap="wrap" gap={2}>
        <Typography sx={{ flexGrow: 1, overflowWrap: 'anywhere' }}>{text}</Typography>
        <Typography color="text.secondary" sx={{ fontVariantNumeric: 'tabular-nums' }}>
          {sent === undefined
            ? formatBytes(file.size, language)
            : t('{{sent}} of {{total}}', {
                sent: formatBytes(sent, language),
                total: formatBytes(file.size, language),
              })}
        </Typography>
        <Button size="small" variant="outlined" color="inherit" onClick={onCancel}>
          {t('Cancel')}
        </Button>
      </Stack>
      <LinearProgress
        aria-label={text}
        variant={percent === undefined || isSent ? 'indeterminate' : 'determinate'}
        value={percent}
        sx={{ mt: 2, borderRadius: 1 }}
      />
    </Box>
  );
}
