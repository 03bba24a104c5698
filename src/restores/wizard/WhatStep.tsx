import { Box, Chip, Link, Stack, Typography } from '@mui/material';
import { useState } from 'react';
import { Link as RouterLink } from 'react-router-dom';
import type { Upload } from '../../../sidecar/api';
import { visible } from '../../../sidecar/api/visible.ts';
import { useFilesUrl } from '../../files/ArchiveLinks';
import { UploadArchive } from '../../files/UploadArchive';
import { LinkButton } from '../../ui/buttons/LinkButton';
import { Choices } from '../../ui/fields/Choices';
import { ComboBox } from '../../ui/fields/ComboBox';
import { useText } from '../../ui/text';
import { useFocusOnChange } from '../../ui/useFocusOnChange';
import { useNamespacesAtHand } from '../../volumes/useNamespaces';
import { kindOf, type SourceKind, uploadSource } from '../sources';
import { ArchiveChoice } from './ArchiveChoice';
import { BackupChoice } from './BackupChoice';
import { isNamespaceName } from './names';
import { useNamespaceNames } from './objectNames';
import type { StepProps } from './stepProps';

/** The first step: which archive, and what of it. */
export function WhatStep(props: StepProps) {
  const { t } = useText();
  const { draft, change } = props;
  const [kind, setKind] = useState<SourceKind>(kindOf(draft.backup));
  const choose = (next: SourceKind) => {
    setKind(next);
    // The page does not show a choice of another kind.
    if (kindOf(draft.backup) === next && draft.backup) return;
    const nothing = { namespace: '', name: '' };
    change({ backup: '', paths: [], ...(next !== 'backup' && { from: nothing, where: 'new' }) });
  };
  return (
    <Stack spacing={3}>
      <Choices<SourceKind>
        label={t('What do you want to restore?')}
        value={kind}
        onChoose={choose}
        choices={[
          {
            value: 'backup',
            title: t('A backup'),
            text: t('A backup that NKVM made in this cluster, including those of deleted volumes.'),
            children: <BackupChoice {...props} />,
          },
          {
            value: 'archive',
            title: t('Another archive at the destination'),
            text: t(
              'An archive from another installation, or one that was copied there by hand. Without a manifest, there is no record of its expected contents.'
            ),
            children: <ArchiveChoice {...props} />,
          },
          {
            value: 'upload',
            title: t('A .tar.gz file on this computer'),
            text: t('The file is uploaded to NKVM and deleted there after 24 hours.'),
            children: <UploadChoice {...props} />,
          },
        ]}
      />
      <Paths {...props} />
    </Stack>
  );
}

const SHOWN = 20;

/** A file that is sent, or the one that was sent before; and into which namespace, which the upload is bound to. */
function UploadChoice({ cluster, draft, change }: StepProps) {
  const { t } = useText();
  const { backup, target } = draft;
  const [upload, setUpload] = useState<Upload>();
  const [atHand] = useNamespacesAtHand(NONE)(cluster);
  const [namespace, setNamespace] = useState(target.namespace || atHand || '');
  const isChosen = kindOf(backup) === 'upload';
  const isNamed = isNamespaceName(namespace);
  return (
    <Stack spacing={1.5}>
      <Box sx={{ maxWidth: 480 }}>
        <ComboBox
          label={t('Namespace to restore into')}
          value={namespace}
          options={useNamespaceNames(cluster)}
          onChange={text => {
            setNamespace(text.trim());
            // What was uploaded for another namespace cannot be restored there.
            if (isChosen) change({ backup: '' });
          }}
          isWrong={namespace !== '' && !isNamed}
          helperText={t('The upload can be restored into this namespace only.')}
        />
      </Box>
      {isNamed && (
        <UploadArchive
          key={namespace}
          cluster={cluster}
          namespace={namespace}
          upload={isChosen ? upload : undefined}
          onUploaded={uploaded => {
            setUpload(uploaded);
            change({
              ...{ backup: uploadSource(uploaded.id), paths: [], where: 'new' },
              target: { namespace, name: '' },
            });
          }}
        />
      )}
      {isChosen && !upload && (
        <Typography variant="body2">
          {t('An archive that was uploaded before is chosen.')}
        </Typography>
      )}
    </Stack>
  );
}

const NONE: string[] = [];

/** What of the archive is restored. */
function Paths({ cluster, draft, change }: StepProps) {
  const { t } = useText();
  const { paths, backup, from } = draft;
  const filesUrl = useFilesUrl(cluster);
  const [isAll, setAll] = useState(false);
  const box = useFocusOnChange(isAll);
  if (!backup) return null;
  const shown = isAll ? paths : paths.slice(0, SHOWN);
  return (
    <Box component="section" ref={box} tabIndex={-1} sx={{ outline: 'none' }}>
      <Typography component="h3" variant="subtitle1" gutterBottom>
        {t('Files')}
      </Typography>
      {paths.length === 0 ? (
        <Stack direction="row" flexWrap="wrap" columnGap={2} alignItems="baseline">
          <Typography variant="body2">{t('Everything in the archive is restored.')}</Typography>
          {kindOf(backup) === 'backup' && from.namespace && (
            <Link
              component={RouterLink}
              to={filesUrl({ id: backup, namespace: from.namespace })}
              variant="body2"
            >
              {t('Choose files and folders')}
            </Link>
          )}
        </Stack>
      ) : (
        <Stack spacing={1}>
          <Typography variant="body2">
            {t('{{count}} paths are restored, each folder with everything in it.', {
              count: paths.length,
            })}
          </Typography>
          <Stack direction="row" flexWrap="wrap" gap={1}>
            {shown.map(path => (
              <Chip
                key={path}
                label={visible(path)}
                sx={{ maxWidth: '100%', fontFamily: 'monospace' }}
                onDelete={() => change({ paths: paths.filter(each => each !== path) })}
              />
            ))}
          </Stack>
          <Stack direction="row" gap={2}>
            {shown.length < paths.length && (
              <LinkButton onClick={() => setAll(true)}>
                {t('Show all {{total}}', { total: paths.length })}
              </LinkButton>
            )}
            <LinkButton
              onClick={() => {
                // This button goes.
                box.current?.focus();
                change({ paths: [] });
              }}
            >
              {t('Restore everything instead')}
            </LinkButton>
          </Stack>
        </Stack>
      )}
    </Box>
  );
}
