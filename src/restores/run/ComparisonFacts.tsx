import { Box, Stack, Typography } from '@mui/material';
import type { NotRestored, RestoreComparison } from '../../../sidecar/api';
import { visible } from '../../../sidecar/api/visible.ts';
import { formatBytes } from '../../ui/bytes';
import { Facts } from '../../ui/Facts';
import { Message } from '../../ui/Message';
import { sentence } from '../../ui/sentence';
import { type Translate, useText } from '../../ui/text';

/** What a comparison of the volume with the archive found. */
export function ComparisonFacts({ comparison }: { comparison: RestoreComparison }) {
  const { t, language } = useText();
  const { entries, bytes, differences, examples, notRestored, leftOver } = comparison;
  const number = (value: number) => value.toLocaleString(language);
  return (
    <Stack spacing={2}>
      <Typography variant="body2" color="text.secondary">
        {t(
          'The volume was read again after the restore. Names, types, sizes, modes, owners, times, links, attributes and contents were compared with the archive.'
        )}
      </Typography>
      {differences > 0 && (
        <Message severity="error">
          {t('{{count}} entries differ from the archive.', { count: differences })}
          <Names names={examples.map(sentence)} more={differences - examples.length} />
        </Message>
      )}
      <Facts
        rows={[
          { name: t('Compared'), value: t('{{count}} entries', { count: entries }) },
          { name: t('Contents'), value: formatBytes(bytes, language) },
          { name: t('Differences'), value: differences === 0 ? t('None') : number(differences) },
          {
            name: t('Only in the volume'),
            value: number(leftOver),
            hide: leftOver === 0,
          },
          {
            name: t('Not restored'),
            value: t('Nothing is missing'),
            hide: notRestored.length > 0,
          },
        ]}
      />
      {notRestored.length > 0 && (
        <Box>
          <Typography component="h3" variant="subtitle2">
            {t('Could not be restored')}
          </Typography>
          <Typography variant="body2" color="text.secondary" gutterBottom>
            {t(
              'The contents are complete. The storage or the helper pod refused these attributes.'
            )}
          </Typography>
          <Box component="ul" sx={{ m: 0, pl: 2.5 }}>
            {notRestored.map(({ kind, count, names }) => (
              <li key={kind}>
                <Typography component="span" variant="body2">
                  {`${kindText(kind, t)}. ${t('{{count}} entries', { count })}`}
                </Typography>
                <Names names={names} more={count - names.length} />
              </li>
            ))}
          </Box>
        </Box>
      )}
    </Stack>
  );
}

function Names({ names, more }: { names: string[]; more: number }) {
  const { t, language } = useText();
  return (
    <Box
      component="ul"
      sx={{
        m: 0,
        pl: 2,
        fontFamily: 'monospace',
        fontSize: '0.8125rem',
        overflowWrap: 'anywhere',
      }}
    >
      {names.map(name => (
        <li key={name}>{visible(name)}</li>
      ))}
      {more > 0 && names.length > 0 && (
        <li>{t('and {{more}} more', { more: more.toLocaleString(language) })}</li>
      )}
    </Box>
  );
}

function kindText(kind: NotRestored['kind'], t: Translate): string {
  switch (kind) {
    case 'owner':
      return t('Owner');
    case 'mode':
      return t('Permissions');
    case 'time':
      return t('Time of modification');
    case 'xattr':
      return t('Extended attributes');
    case 'acl':
      return t('Access control lists');
    case 'selinux':
      return t('SELinux labels');
    case 'capability':
      return t('File capabilities');
    case 'device':
      return t('Devices');
    case 'other':
      return t('Other attributes');
  }
}
