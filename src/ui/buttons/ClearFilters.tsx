import { Button } from '@mui/material';
import { useText } from '../text';

/** The button of a notice that no row matches the filters. */
export function ClearFilters({ onClear }: { onClear(): void }) {
  const { t } = useText();
  return (
    <span>
      <Button variant="outlined" onClick={onClear}>
        {t('Clear filters')}
      </Button>
    </span>
  );
}
