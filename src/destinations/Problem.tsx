import { AlertTitle, Typography } from '@mui/material';
import type { ReactNode } from 'react';
import type { DestinationProblem } from '../../sidecar/api';
import { Message } from '../ui/Message';
import { sentence } from '../ui/sentence';
import { useText } from '../ui/text';

interface ProblemProps {
  severity: 'error' | 'warning';
  title?: string;
  problem: DestinationProblem;
  children?: ReactNode;
}

/** What is wrong at a destination, and what to do about it. */
export function Problem({ severity, title, problem, children }: ProblemProps) {
  const { t } = useText();
  const { reason, message, hint } = problem;
  return (
    <Message severity={severity}>
      {title && <AlertTitle>{title}</AlertTitle>}
      <Typography variant="body2">{`${sentence(message)} (${reason})`}</Typography>
      {hint && (
        <Typography variant="body2" sx={{ mt: 0.5 }}>
          <strong>{t('How to fix it')}</strong> {sentence(hint)}
        </Typography>
      )}
      {children}
    </Message>
  );
}
