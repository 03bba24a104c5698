import type { StartRestore, VolumeRef } from '../../../sidecar/api';

/** Kinds of place that a restore can write to. */
export const WHERE = ['new', 'original', 'existing'] as const;
export type Where = (typeof WHERE)[number];

/** What is done with the files of a claim that exists. */
const MODES = ['empty', 'overwrite', 'mirror'] as const;
export type Mode = (typeof MODES)[number];

export const STEPS = ['what', 'where', 'plan'] as const;
export type Step = (typeof STEPS)[number];

/** What a person has chosen so far in the wizard. All of it is in its address, so that it can be sent, and reloaded. */
export interface Draft {
  step: Step;
  /** The id of a backup, `archive:KEY` or `upload:ID`; empty: not chosen yet. */
  backup: string;
  /** The volume that was backed up; a name or namespace that is not known is empty. */
  from: VolumeRef;
  /** Of the archive; empty: everything. */
  paths: string[];
  /** The cluster of the claim to write to, as NKVM calls it; empty: its own; undefined: that of the backup. */
  into?: string;
  where: Where;
  /** The claim to write to; of `new` and `existing`. */
  target: VolumeRef;
  mode: Mode;
  /** Of a new claim; undefined: as it was when it was backed up. */
  size?: string;
  storageClass?: string;
  accessModes?: AccessMode[];
  labels?: Record<string, string>;
  /** Stop the workload that uses the claim. */
  scale: boolean;
  safetyBackup: boolean;
}

export const ACCESS_MODES = [
  'ReadWriteOnce',
  'ReadWriteOncePod',
  'ReadWriteMany',
  'ReadOnlyMany',
] as const;
export type AccessMode = (typeof ACCESS_MODES)[number];

/** What the wizard's links say, at least. */
export type DraftStart = Pick<Draft, 'backup'> & Partial<Draft>;

const oneOf = <T extends string>(all: readonly T[], value: string | null): T | undefined =>
  all.find(each => each === value);

const refOf = (text: string | null): VolumeRef => {
  const [namespace = '', name = ''] = (text ?? '').split('/');
  return { namespace, name };
};

/**
 * Reads the query of the wizard's address. What it cannot read it leaves out.
 *
 * | parameter | |
 * | --- | --- |
 * | `backup` | id of a backup, `archive:KEY` or `upload:ID` |
 * | `namespace`, `volume` | of the volume that was backed up |
 * | `paths` | a path in the archive; as often as there are paths |
 * | `into` | name of the cluster to restore into; empty: that of NKVM; absent: that of the backup |
 * | `where` | `new`, `original` or `existing` |
 * | `target` | `NAMESPACE/NAME` of the claim to write to |
 * | `mode` | `empty`, `overwrite` or `mirror` |
 * | `size`, `class`, `access`, `label` | of a new claim; `access` and `label` (`KEY=VALUE`) as often as needed |
 * | `scale`, `safety` | `1` or `0` |
 * | `step` | `what`, `where` or `plan` |
 */
export function draftOf(search: string): Draft {
  const query = new URLSearchParams(search);
  const text = (name: string) => query.get(name) ?? '';
  const access = query.getAll('access').flatMap(each => oneOf(ACCESS_MODES, each) ?? []);
  return {
    step: oneOf(STEPS, query.get('step')) ?? 'what',
    backup: text('backup'),
    from: { namespace: text('namespace'), name: text('volume') },
    paths: query.getAll('paths').filter(Boolean),
    into: query.get('into') ?? undefined,
    where: oneOf(WHERE, query.get('where')) ?? 'new',
    target: refOf(query.get('target')),
    mode: oneOf(MODES, query.get('mode')) ?? 'empty',
    size: query.get('size') ?? undefined,
    storageClass: query.get('class') ?? undefined,
    accessModes: access.length > 0 ? access : undefined,
    labels: query.has('label') ? labelsOf(query.getAll('label')) : undefined,
    scale: text('scale') === '1',
    safetyBackup: text('safety') !== '0',
  };
}

/** @param lines `KEY=VALUE`; those without a key are left out. */
export const labelsOf = (lines: string[]): Record<string, string> =>
  Object.fromEntries(
    lines.flatMap(line => {
      const [key = '', ...value] = line.split('=');
      return key.trim() ? [[key.trim(), value.join('=').trim()]] : [];
    })
  );

export const linesOf = (labels: Record<string, string>): string[] =>
  Object.entries(labels).map(([key, value]) => `${key}=${value}`);

/** @returns the query that `draftOf` reads, with what is not the default. */
export function searchOf({ from = { namespace: '', name: '' }, ...draft }: DraftStart): string {
  const { target, labels } = draft;
  const query = new URLSearchParams();
  const set = (name: string, ...values: (string | undefined | false)[]) =>
    values.forEach(value => value && query.append(name, value));
  set('backup', draft.backup);
  set('namespace', from.namespace);
  set('volume', from.name);
  set('paths', ...(draft.paths ?? []));
  if (draft.into !== undefined) query.append('into', draft.into);
  set('where', draft.where !== 'new' && draft.where);
  set(
    'target',
    target && (target.namespace || target.name) && `${target.namespace}/${target.name}`
  );
  set('mode', draft.mode !== 'empty' && draft.mode);
  set('size', draft.size);
  set('class', draft.storageClass);
  set('access', ...(draft.accessModes ?? []));
  // No labels at all is a choice, too.
  if (labels)
    linesOf(labels)
      .concat(Object.keys(labels).length ? [] : '=')
      .forEach(add);
  set('scale', draft.scale && '1');
  set('safety', draft.safetyBackup === false && '0');
  set('step', draft.step !== 'what' && draft.step);
  return query.toString();

  function add(label: string): void {
    query.append('label', label);
  }
}

/** @returns the claim that is written to. */
export const targetOf = ({ where, from, target }: Draft): VolumeRef =>
  where === 'original' ? from : target;

/**
 * @param cluster of the backup, as NKVM calls it; undefined: its own
 * @returns what the API is asked for; the same for a plan and for a start
 */
export function requestOf(draft: Draft, cluster?: string): StartRestore {
  const { backup, paths, where, mode, scale, safetyBackup, into = cluster } = draft;
  const isNew = where === 'new';
  return {
    ...(into && { cluster: into }),
    backup,
    target: {
      ...targetOf(draft),
      mode: isNew ? 'new' : mode,
      ...(isNew && definedOf(draft)),
    },
    ...(paths.length > 0 && { paths }),
    scale: !isNew && scale,
    safetyBackup: !isNew && safetyBackup,
  };
}

function definedOf({ size, storageClass, accessModes, labels }: Draft) {
  const all = { size: size || undefined, storageClass, accessModes, labels };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
