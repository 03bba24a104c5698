import { Icon, type IconifyIcon } from '@iconify/react';
import { Box, Stack, Typography } from '@mui/material';
import type { ReactNode } from 'react';

interface NoticeProps {
  icon: IconifyIcon;
  title: string;
  /** One or two sentences: the situation, and what to do about it. */
  text: ReactNode;
  children?: ReactNode;
}

/** What a page shows in place of its contents: nothing there, not set up, no right, broken. */
export function Notice({ icon, title, text, children }: NoticeProps) {
  return (
    <Box sx={{ display: 'flex', justifyContent: 'center', px: 2, py: { xs: 3, sm: 6 } }}>
      <Stack spacing={2} sx={{ width: '100%', maxWidth: 680, textAlign: 'center' }}>
        <Box sx={{ color: 'text.secondary', lineHeight: 0 }}>
          <Icon icon={icon} width={64} />
        </Box>
        <Typography variant="h2" sx={{ fontSize: '1.5rem', fontWeight: 500 }}>
          {title}
        </Typography>
        <Typography color="text.secondary">{text}</Typography>
        {children}
      </Stack>
    </Box>
  );
}
