import { Box, Breadcrumbs, Button, Typography } from '@mui/material';
import { visible } from '../../sidecar/api/visible.ts';
import { useText } from '../ui/text';
import { useIsNarrow } from '../ui/useIsNarrow';
import { crumbsOf } from './view';

interface CrumbsProps {
  /** The name of the top folder. */
  root: string;
  path: string;
  onOpen(path: string): void;
}

/** The way from the top folder to the one that is shown. */
export function Crumbs({ root, path, onOpen }: CrumbsProps) {
  const { t } = useText();
  const isNarrow = useIsNarrow();
  const crumbs = [{ name: root, path: '' }, ...crumbsOf(path)];
  return (
    <Breadcrumbs
      aria-label={t('Folder')}
      maxItems={isNarrow ? 3 : 6}
      itemsBeforeCollapse={1}
      itemsAfterCollapse={isNarrow ? 1 : 4}
      expandText={t('Show the whole path')}
      sx={{ '& .MuiBreadcrumbs-li': { minWidth: 0, maxWidth: '100%' } }}
    >
      {crumbs.map((crumb, index) =>
        index === crumbs.length - 1 ? (
          <Typography
            key={crumb.path}
            color="text.primary"
            aria-current="page"
            sx={{ fontWeight: 500, overflowWrap: 'anywhere', px: 0.5 }}
          >
            {visible(crumb.name)}
          </Typography>
        ) : (
          <Button
            key={crumb.path}
            size="small"
            onClick={() => onOpen(crumb.path)}
            sx={{
              textTransform: 'none',
              minWidth: 'unset',
              px: 0.5,
              maxWidth: '20em',
              fontSize: '1rem',
            }}
          >
            <Box component="span" sx={{ overflow: 'hidden', textOverflow: 'ellipsis' }}>
              {visible(crumb.name)}
            </Box>
          </Button>
        )
      )}
    </Breadcrumbs>
  );
}
