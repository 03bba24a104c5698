import type { IconifyIcon } from '@iconify/react';
import { SectionBox, type StatusLabelProps } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Stack, Typography } from '@mui/material';
import type { AppendOnly, Destination } from '../../sidecar/api';
import { destinationClient } from '../api/clients/destinationClient';
import { refresh } from '../api/queries/queries';
import { connectionTo } from '../api/session/connection';
import { TroubleMessage } from '../setup/TroubleMessage';
import { ActionButton } from '../ui/buttons/ActionButton';
import { protectedIcon, unknownIcon, warnIcon } from '../ui/icons';
import { sentence } from '../ui/sentence';
import { Badge } from '../ui/status';
import { type Translate, useText } from '../ui/text';
import { Ago } from '../ui/time/Ago';
import { useAction } from './useAction';

interface AppendOnlySectionProps {
  cluster: string;
  destination: Destination;
  /** Why the person may not check it, and whom to ask. */
  why: string | undefined;
}

/** Whether somebody with NKVM's credentials could delete archives there. */
export function AppendOnlySection({ cluster, destination, why }: AppendOnlySectionProps) {
  const { t } = useText();
  const { name, appendOnly } = destination;
  const { start, isBusy, trouble } = useAction();
  const text = isBusy ? t('Checking…') : t('Check now');
  return (
    <SectionBox title={t('Protection against deletion')}>
      <Stack spacing={2}>
        {appendOnly ? (
          <Stack direction="row" flexWrap="wrap" alignItems="center" gap={1.5}>
            <Badge {...LOOKS[appendOnly.result]} text={resultText(appendOnly.result, t)} />
            <Typography variant="body2" sx={{ overflowWrap: 'anywhere' }}>
              {sentence(appendOnly.message)}
            </Typography>
            <Typography variant="body2" color="text.secondary">
              <Ago date={appendOnly.at} />
            </Typography>
          </Stack>
        ) : (
          <Typography variant="body2" color="text.secondary">
            {t(
              'Not checked yet. The check writes a small file and tries to delete it with the credentials of NKVM.'
            )}
          </Typography>
        )}
        <span>
          <ActionButton
            icon={protectedIcon}
            text={text}
            label={`${text}. ${t('Protection against deletion')}`}
            isInert={isBusy}
            why={why}
            onClick={() =>
              void start(async signal => {
                const client = destinationClient(connectionTo(cluster));
                await client.checkAppendOnly(name, { signal });
                await refresh(cluster);
              })
            }
          />
        </span>
        <TroubleMessage trouble={trouble} />
      </Stack>
    </SectionBox>
  );
}

function resultText(result: AppendOnly['result'], t: Translate): string {
  switch (result) {
    case 'protected':
      return t('Protected');
    case 'deletable':
      return t('Can be deleted');
    case 'undetermined':
      return t('Could not be determined');
  }
}

const LOOKS: Record<
  AppendOnly['result'],
  { icon: IconifyIcon; color: StatusLabelProps['status'] }
> = {
  protected: { icon: protectedIcon, color: 'success' },
  deletable: { icon: warnIcon, color: 'warning' },
  undetermined: { icon: unknownIcon, color: '' },
};
