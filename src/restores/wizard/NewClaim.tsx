import { Autocomplete, Box, Chip, TextField } from '@mui/material';
import { useEffect, useMemo, useState } from 'react';
import type { Volume } from '../../../sidecar/api';
import { usePlan } from '../../api/queries/restoreQueries';
import { nameInNkvm } from '../../api/session/recordRef';
import { ComboBox } from '../../ui/fields/ComboBox';
import { useText } from '../../ui/text';
import { kindOf } from '../sources';
import { ACCESS_MODES, type Draft, labelsOf, linesOf, requestOf } from './draft';
import { isClaimName, isNamespaceName, proposedName } from './names';
import { useClassNames, useNamespaceNames } from './objectNames';
import { problemsOf } from './problems';
import type { StepProps } from './stepProps';

interface NewClaimProps extends StepProps {
  /** That the person may see; undefined while they are not known. */
  volumes?: Volume[];
  /** The cluster to restore into; see `ClusterRef`. */
  into: string;
}

/** What a new claim is like: proposed from the backup, and all of it can be changed. */
export function NewClaim({ cluster, into, draft, change, volumes: seen }: NewClaimProps) {
  const { t } = useText();
  const { target } = draft;
  const volumes = seen ?? [];
  const [isNaming, setNaming] = useState(false);
  const naming = { onFocus: () => setNaming(true), onBlur: () => setNaming(false) };
  useProposal(draft, change, isNaming ? undefined : seen);
  const { claim: asBackedUp, isBusy, isUnknown } = useAsBackedUp(cluster, draft);
  const asItWas = isBusy
    ? t('Reading the original claim…')
    : asBackedUp
    ? t('Copied from the original claim.')
    : ' ';
  const namespaces = useNamespaceNames(into);
  const classes = useClassNames(into, volumes);
  const known = [...new Set([...namespaces, ...volumes.map(({ namespace }) => namespace)])].sort();
  const isTaken = volumes.some(
    ({ namespace, name }) => namespace === target.namespace && name === target.name
  );
  const labels = draft.labels ?? asBackedUp?.labels ?? {};
  const problems = problemsOf(draft, 'where');
  const size = useDefault(draft.size, asBackedUp?.size, text => change({ size: text }));
  const storageClass = useDefault(draft.storageClass, asBackedUp?.storageClass, text =>
    change({ storageClass: text })
  );
  return (
    <Box
      sx={{
        display: 'grid',
        gridTemplateColumns: { xs: '1fr', sm: '1fr 1fr' },
        columnGap: 2,
        rowGap: 1,
        maxWidth: 720,
      }}
    >
      <ComboBox
        label={t('Namespace')}
        value={target.namespace}
        options={known}
        onChange={namespace => change({ target: { ...target, namespace: namespace.trim() } })}
        {...naming}
        isWrong={!isNamespaceName(target.namespace)}
        helperText={isNamespaceName(target.namespace) ? ' ' : t('A name of a namespace, e.g. shop')}
      />
      <TextField
        size="small"
        label={t('Name')}
        value={target.name}
        onChange={event => change({ target: { ...target, name: event.target.value.trim() } })}
        {...naming}
        error={!isClaimName(target.name) || isTaken}
        helperText={
          isTaken
            ? t('A claim with this name already exists.')
            : isClaimName(target.name)
            ? ' '
            : t('Lower-case letters, digits, dots and hyphens.')
        }
      />
      <ComboBox
        label={t('Size')}
        options={NONE}
        {...size}
        isWrong={problems.includes('size')}
        helperText={problems.includes('size') ? t('A size, e.g. 10Gi') : asItWas}
      />
      <ComboBox
        label={t('Storage class')}
        options={classes}
        {...storageClass}
        helperText={asItWas}
      />
      <Autocomplete
        multiple
        disableCloseOnSelect
        readOnly={isUnknown}
        ChipProps={{ size: 'small' }}
        options={[...ACCESS_MODES]}
        value={draft.accessModes ?? modesOf(asBackedUp?.accessModes)}
        onChange={(_, accessModes) => change({ accessModes })}
        renderInput={input => (
          <TextField
            {...input}
            size="small"
            label={t('Access modes')}
            error={problems.includes('accessModes')}
            helperText={problems.includes('accessModes') ? t('Choose at least one.') : asItWas}
          />
        )}
      />
      <Autocomplete
        multiple
        freeSolo
        readOnly={isUnknown}
        options={[]}
        value={linesOf(labels)}
        onChange={(_, lines) => change({ labels: labelsOf(lines.filter(isLine)) })}
        renderTags={(lines, tagProps) =>
          lines.map((line, index) => {
            const { key, ...rest } = tagProps({ index });
            return <Chip key={key} size="small" label={line} {...rest} />;
          })
        }
        renderInput={input => (
          <TextField
            {...input}
            size="small"
            label={t('Labels')}
            error={problems.includes('labels')}
            helperText={
              problems.includes('labels')
                ? t('One of these is not a label that Kubernetes accepts.')
                : t('Type key=value and press Enter.')
            }
          />
        )}
      />
    </Box>
  );
}

/**
 * A field that shows what it was until it is changed. It can be emptied to be typed again; left empty, it is as it was. While it has the
 * focus, what it was may become known: its text stays, because a person may be about to type.
 */
function useDefault(
  value: string | undefined,
  was: string | null | undefined,
  change: (text: string | undefined) => void
) {
  const shown = was ?? '';
  const [held, setHeld] = useState<string>();
  return {
    value: value ?? held ?? shown,
    onChange(text: string) {
      const typed = text.trim();
      if (typed === '') setHeld('');
      change(typed || undefined);
    },
    onFocus: () => setHeld(shown),
    onBlur: () => setHeld(undefined),
  };
}

const NONE: string[] = [];

const isLine = (line: string) => line.includes('=') && !line.startsWith('=');

const modesOf = (modes: string[] = []) => ACCESS_MODES.filter(mode => modes.includes(mode));

/** Fills in a namespace and a name that is free, once the claims are known and nobody is about to type there. */
function useProposal(
  draft: Draft,
  change: StepProps['change'],
  volumes: Volume[] | undefined
): void {
  const [isDone, setDone] = useState(!!draft.target.name);
  useEffect(() => {
    if (isDone || !volumes) return;
    setDone(true);
    change(({ target, from }) => {
      const namespace = target.namespace || from.namespace;
      const taken = volumes.filter(each => each.namespace === namespace).map(({ name }) => name);
      // The person may have typed a name before the list came.
      return { target: { namespace, name: target.name || proposedName(from.name, taken) } };
    });
    // Later changes are the person's own.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [isDone, volumes]);
}

/** @returns what the claim would be like if nothing was changed; the plan knows it from the manifest. */
function useAsBackedUp(cluster: string, draft: Draft) {
  const { backup, from, target } = draft;
  // What is typed does not matter for it: the first complete name is asked with.
  const [named, setNamed] = useState<Draft['target']>();
  const isNamed = isNamespaceName(target.namespace) && isClaimName(target.name);
  useEffect(() => {
    if (!named && isNamed) setNamed(target);
  }, [named, isNamed, target]);
  const request = useMemo(
    () =>
      named &&
      requestOf(
        {
          ...draft,
          ...{ backup, target: named, paths: [], where: 'new' },
          ...{
            size: undefined,
            storageClass: undefined,
            accessModes: undefined,
            labels: undefined,
          },
        },
        nameInNkvm(cluster)
      ),
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [backup, named, cluster, draft.into]
  );
  const at = (kindOf(backup) === 'backup' && from.namespace) || named?.namespace;
  const { value, trouble, isBusy } = usePlan(cluster, request, at);
  return { claim: value?.claim, isBusy: isBusy && !value, isUnknown: !value && !trouble };
}
