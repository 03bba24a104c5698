import { Icon } from '@iconify/react';
import { Box, IconButton, Tooltip } from '@mui/material';
import { useSnackbar } from 'notistack';
import { useEffect, useState } from 'react';
import { visible } from '../../sidecar/api/visible.ts';
import { copiedIcon, copyIcon } from './icons';
import { useText } from './text';

const SHOWN_MS = 2_000;

/** Copies `text`, and says that it did. */
export function CopyButton({ text, label }: { text: string; label: string }) {
  const { t } = useText();
  const { enqueueSnackbar } = useSnackbar();
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [isCopied]);

  async function copy() {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
    } catch {
      // Browsers have no clipboard for pages that came over plain HTTP.
      enqueueSnackbar(t('The browser does not allow this page to copy. Select the text instead.'), {
        variant: 'warning',
      });
    }
  }

  return (
    <Tooltip title={isCopied ? t('Copied') : label}>
      <IconButton size="small" aria-label={label} onClick={copy}>
        <Icon icon={isCopied ? copiedIcon : copyIcon} width={18} />
      </IconButton>
    </Tooltip>
  );
}

/** A value that fits a line, with a button to copy it as it is. */
export function CopyableText({ text, label }: { text: string; label: string }) {
  return (
    <Box sx={{ display: 'flex', alignItems: 'flex-start', gap: 0.5 }}>
      <Box component="span" sx={{ fontFamily: 'monospace', overflowWrap: 'anywhere' }}>
        {visible(text)}
      </Box>
      <Box sx={{ my: '-3px' }}>
        <CopyButton text={text} label={label} />
      </Box>
    </Box>
  );
}

/** A command for a terminal, or other text for another program, with a button to copy it. */
export function Command({ text, label }: { text: string; label?: string }) {
  const { t } = useText();
  return (
    <Box
      sx={theme => ({
        display: 'flex',
        alignItems: 'flex-start',
        gap: 1,
        p: 1,
        pl: 1.5,
        border: '1px solid',
        borderColor: theme.palette.divider,
        borderRadius: 1,
        background: theme.palette.background.muted,
        textAlign: 'left',
      })}
    >
      <Box
        component="code"
        sx={{
          flexGrow: 1,
          py: '5px',
          fontSize: '0.875rem',
          whiteSpace: 'pre-wrap',
          overflowWrap: 'anywhere',
        }}
      >
        {text}
      </Box>
      <CopyButton text={text} label={label ?? t('Copy the command')} />
    </Box>
  );
}
