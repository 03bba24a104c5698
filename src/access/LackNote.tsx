import { Box, Typography } from '@mui/material';
import { useText } from '../ui/text';
import { AccessLink } from './AccessLink';
import { type Lack, lackText } from './useLack';

interface LackNoteProps {
  cluster: string;
  /** Of the buttons beside it. */
  lacks: readonly (Lack | undefined)[];
}

/** Says why a person may not use buttons that are seen beside it, and leads to the page that says who can grant it. */
export function LackNote({ cluster, lacks }: LackNoteProps) {
  const { t } = useText();
  const texts = new Set(lacks.flatMap(lack => lackText(lack, t) ?? []));
  const ofVolumes = lacks.find(lack => lack?.kind === 'volumes');
  if (texts.size === 0) return null;
  return (
    <Box sx={{ maxWidth: 720, overflowWrap: 'anywhere' }}>
      {[...texts].map(text => (
        <Typography key={text} variant="body2" color="text.secondary">
          {text}
        </Typography>
      ))}
      {ofVolumes && <AccessLink cluster={cluster} namespace={ofVolumes.namespace} />}
    </Box>
  );
}
