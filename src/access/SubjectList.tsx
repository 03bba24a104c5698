import { Box, Paper, Stack, Typography } from '@mui/material';
import type { VolumeAction } from '../../sidecar/api/names.ts';
import { Facts } from '../ui/Facts';
import { PlainTable } from '../ui/PlainTable';
import { type Translate, useText } from '../ui/text';
import { useIsNarrow } from '../ui/useIsNarrow';
import { actionName } from './accessText';
import { Allowed } from './Allowed';
import { idOf, isOfPages } from './subjects';
import type { SubjectAccess } from './useAccess';

interface SubjectListProps {
  namespace: string;
  subjects: SubjectAccess[];
  actions: readonly VolumeAction[];
}

/** Each subject with what it may do: a table, and cards in a narrow window. */
export function SubjectList({ namespace, subjects, actions }: SubjectListProps) {
  const { t } = useText();
  const isNarrow = useIsNarrow('md');
  const label = t('Access in namespace {{namespace}}', { namespace });
  if (isNarrow) {
    return (
      <Stack component="ul" aria-label={label} spacing={1.5} sx={{ m: 0, p: 0, listStyle: 'none' }}>
        {subjects.map(subject => (
          <Paper component="li" variant="outlined" key={idOf(subject)} sx={{ p: 1.5 }}>
            <Name subject={subject} namespace={namespace} />
            <Facts
              rows={actions.map(action => ({
                name: actionName(action, t),
                value: <Allowed missing={subject.missing[action]} />,
              }))}
            />
          </Paper>
        ))}
      </Stack>
    );
  }
  return (
    <PlainTable
      label={label}
      rows={subjects}
      rowKey={idOf}
      columns={[
        {
          id: 'who',
          label: t('Account'),
          cell: subject => <Name subject={subject} namespace={namespace} />,
        },
        ...actions.map(action => ({
          id: action,
          label: actionName(action, t),
          cell: ({ missing }: SubjectAccess) => <Allowed missing={missing[action]} />,
        })),
      ]}
    />
  );
}

function Name({ subject, namespace }: { subject: SubjectAccess; namespace: string }) {
  const { t } = useText();
  const { name, namespace: home, exists, actsAsUser } = subject;
  const notes = [
    kindText(subject, t),
    ...(isOfPages(subject, namespace) ? [t('Used by these pages')] : []),
    ...(exists ? [] : [t('Does not exist')]),
    ...(actsAsUser ? [t('Can create tokens of the account that these pages use')] : []),
  ];
  return (
    <Box sx={{ minWidth: 140 }}>
      <Typography component="div" variant="body2" sx={{ overflowWrap: 'anywhere' }}>
        {home !== undefined && home !== namespace ? `${home}/${name}` : name}
      </Typography>
      <Typography component="div" variant="caption" color="text.secondary">
        {notes.join(' · ')}
      </Typography>
    </Box>
  );
}

function kindText({ kind }: SubjectAccess, t: Translate): string {
  switch (kind) {
    case 'ServiceAccount':
      return 'ServiceAccount';
    case 'User':
      return t('User, without the permissions of their groups');
    case 'Group':
      return t('Group');
  }
}
