import { Box, Checkbox, FormControlLabel, Stack, TextField, Typography } from '@mui/material';
import { useEffect, useRef, useState } from 'react';
import { ActionButton } from '../ui/buttons/ActionButton';
import { Command } from '../ui/Copyable';
import { Choices } from '../ui/fields/Choices';
import { downloadIcon, keyIcon } from '../ui/icons';
import { Message } from '../ui/Message';
import { useText } from '../ui/text';
import { type AgeKeyPair, canMakeKeys, keyFile, makeKeyPair } from './ageKey';
import { PASSPHRASE_KEY, RECIPIENTS_KEY } from './fields';
import { problemText } from './fieldText';
import { type Encryption, recipientLines } from './form';
import { saveText } from './saveText';
import type { FormProps } from './SettingsFields';

interface EncryptionFieldsProps extends FormProps {
  /** A key was made here, and its owner has not said yet that it is stored. */
  onPendingKey(isPending: boolean): void;
}

/** Whether archives are encrypted before they leave the cluster, and for whom. */
export function EncryptionFields(props: EncryptionFieldsProps) {
  const { form, isEdit, change } = props;
  const { t } = useText();
  return (
    <Choices<Encryption>
      label={t('Encryption')}
      value={form.encryption}
      onChoose={encryption => change({ encryption })}
      choices={[
        ...(isEdit ? [{ value: 'kept' as const, title: t('Keep the current setting') }] : []),
        {
          value: 'none',
          title: t('Not encrypted'),
          text: t(
            'The archives are stored as plain .tar.gz files. Anyone who can read the storage can read your data.'
          ),
        },
        {
          value: 'recipients',
          title: t('Encrypted for a key'),
          text: t(
            'NKVM can write archives without being able to read them. You keep the secret key; it is needed to restore, and never stored in the cluster.'
          ),
          children: <Recipients {...props} />,
        },
        {
          value: 'passphrase',
          title: t('Encrypted with a passphrase'),
          text: t(
            'Simpler but weaker, because the passphrase is in the Secret. Anyone who can read the Secret can read the archives.'
          ),
          children: <Passphrase {...props} />,
        },
      ]}
    />
  );
}

function Passphrase({ form, problems, change }: EncryptionFieldsProps) {
  const { t } = useText();
  const problem = form.passphrase ? problems[PASSPHRASE_KEY] : undefined;
  return (
    <TextField
      size="small"
      fullWidth
      type="password"
      autoComplete="new-password"
      label={t('Passphrase')}
      value={form.passphrase}
      onChange={event => change({ passphrase: event.target.value })}
      error={!!problem}
      helperText={
        problem
          ? problemText(problem, t)
          : t('Keep a copy outside of the cluster. It cannot be recovered.')
      }
      sx={{ maxWidth: 480 }}
    />
  );
}

function Recipients({ form, problems, change, onPendingKey }: EncryptionFieldsProps) {
  const { t } = useText();
  const problem = form.recipients ? problems[RECIPIENTS_KEY] : undefined;
  const latest = useRef(form.recipients);
  latest.current = form.recipients;
  return (
    <Stack spacing={1.5} sx={{ maxWidth: 680 }}>
      <TextField
        size="small"
        fullWidth
        multiline
        minRows={2}
        maxRows={6}
        label={t('Recipients')}
        placeholder="age1…"
        value={form.recipients}
        onChange={event => change({ recipients: event.target.value })}
        error={!!problem}
        helperText={
          problem
            ? problemText(problem, t)
            : t(
                'Public keys of age, one per line. The secret key of any one of them decrypts the archives.'
              )
        }
        inputProps={{ spellCheck: false }}
        InputProps={{ sx: { fontFamily: 'monospace', fontSize: '0.8125rem' } }}
      />
      <NewKey
        onPendingKey={onPendingKey}
        onLost={recipient =>
          change({
            recipients: recipientLines(latest.current)
              .filter(each => each !== recipient)
              .join('\n'),
          })
        }
        onMade={recipient =>
          change({ recipients: [form.recipients.trim(), recipient].filter(Boolean).join('\n') })
        }
      />
    </Stack>
  );
}

interface NewKeyProps {
  onMade(recipient: string): void;
  /** The person went on without storing it: nobody could read what is encrypted for it. */
  onLost(recipient: string): void;
  onPendingKey(isPending: boolean): void;
}

/** Makes a key pair in this browser, or says which command makes one. */
function NewKey({ onMade, onLost, onPendingKey }: NewKeyProps) {
  const { t } = useText();
  const [canMake, setCanMake] = useState<boolean>();
  const [pair, setPair] = useState<AgeKeyPair>();
  const [isStored, setStored] = useState(false);
  useEffect(() => {
    let isOver = false;
    void canMakeKeys().then(can => isOver || setCanMake(can));
    return () => void (isOver = true);
  }, []);
  const leave = useRef(() => {});
  leave.current = () => {
    if (!pair || isStored) return;
    onPendingKey(false);
    onLost(pair.recipient);
  };
  useEffect(() => () => leave.current(), []);
  if (canMake === undefined) return null;
  if (!pair) {
    return (
      <Stack spacing={1}>
        {canMake && (
          <span>
            <ActionButton
              icon={keyIcon}
              text={t('Make a key in this browser')}
              onClick={() =>
                void makeKeyPair().then(made => {
                  setPair(made);
                  onPendingKey(true);
                  onMade(made.recipient);
                })
              }
            />
          </span>
        )}
        <Typography variant="body2" color="text.secondary">
          {canMake
            ? t('Or make one on your machine. This writes a secret key into a file')
            : t('Make a key on your machine. This writes a secret key into a file')}
        </Typography>
        <Command text="age-keygen -o nkvm-key.txt" />
      </Stack>
    );
  }
  return (
    <Message severity="warning">
      <Stack spacing={1}>
        <Typography variant="body2">
          {t(
            'This secret key opens the archives. It exists only on this page, until you leave it. Download it now, and keep it outside this cluster.'
          )}
        </Typography>
        <Box>
          <ActionButton
            icon={downloadIcon}
            text={t('Download the secret key')}
            onClick={() => saveText(keyFile(pair, new Date()), 'nkvm-key.txt')}
          />
        </Box>
        <FormControlLabel
          control={
            <Checkbox
              size="small"
              checked={isStored}
              onChange={(_, checked) => {
                setStored(checked);
                onPendingKey(!checked);
              }}
            />
          }
          label={t('I have stored the secret key')}
        />
      </Stack>
    </Message>
  );
}
