import { Icon } from '@iconify/react';
import { Box, ButtonBase, Typography } from '@mui/material';
import type { ArchiveFile } from '../../sidecar/api';
import { visible } from '../../sidecar/api/visible.ts';
import { useText } from '../ui/text';
import { useFormatDate } from '../ui/time/useFormatDate';
import { sizeText } from './fileColumns';
import { FILE_ICONS, typeText } from './fileIcons';
import { parentOf, type View } from './view';

interface FileNameProps {
  file: ArchiveFile;
  view: View;
  /** There are no columns beside it: size and time go below the name. */
  hasDetails: boolean;
  onOpen(): void;
}

/** The name of an entry, where it is if that is not in the folder that is shown, and where a link leads. */
export function FileName({ file, view, hasDetails, onOpen }: FileNameProps) {
  const { t, language } = useText();
  const formatDate = useFormatDate();
  const { path, type, modifiedAt } = file;
  const name = visible(file.name);
  const target = file.target && visible(file.target);
  const parent = parentOf(path);
  const isElsewhere = parent !== view.path;
  const beside = [
    ...(isElsewhere ? [visible(belowOf(parent, view.path))] : []),
    ...(target !== null ? [`→ ${target}`] : []),
  ].join(' ');
  const details = [sizeText(file, t, language), modifiedAt ? formatDate(modifiedAt) : ''].filter(
    Boolean
  );
  return (
    <Box sx={{ display: 'flex', alignItems: 'center', gap: 1, minWidth: 0 }}>
      <Box
        role="img"
        aria-label={typeText(type, t)}
        sx={{ lineHeight: 0, color: type === 'directory' ? 'primary.main' : 'text.secondary' }}
      >
        <Icon icon={FILE_ICONS[type]} width={20} />
      </Box>
      <Box sx={{ minWidth: 0 }}>
        <Box sx={{ display: 'flex', alignItems: 'baseline', gap: 1, minWidth: 0 }}>
          <ButtonBase
            tabIndex={-1}
            onClick={onOpen}
            title={name}
            sx={{
              font: 'inherit',
              fontSize: '0.875rem',
              minWidth: 0,
              flexShrink: 1,
              '&:hover': { textDecoration: 'underline' },
            }}
          >
            <Box
              component="span"
              sx={{
                overflow: 'hidden',
                textOverflow: 'ellipsis',
                // Names may begin and end with spaces.
                whiteSpace: 'pre',
              }}
            >
              {name}
            </Box>
          </ButtonBase>
          {beside && (
            <Typography
              component="span"
              variant="caption"
              color="text.secondary"
              noWrap
              title={beside}
              sx={{ minWidth: '3em', flexShrink: 4 }}
            >
              {beside}
            </Typography>
          )}
        </Box>
        {hasDetails && details.length > 0 && (
          <Typography component="div" variant="caption" color="text.secondary" noWrap>
            {details.join(' · ')}
          </Typography>
        )}
      </Box>
    </Box>
  );
}

/** @returns where a folder is, as seen from another one above it. */
const belowOf = (folder: string, from: string): string =>
  `${from && folder.startsWith(`${from}/`) ? folder.slice(from.length + 1) : folder}/`;
