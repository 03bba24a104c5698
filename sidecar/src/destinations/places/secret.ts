import type { DESTINATION_KINDS } from '../../../api/index.ts';
import {
  DEFAULT_ANNOTATION,
  DESTINATION_LABEL,
  DestinationKind,
  KIT_STORED_ANNOTATION,
  LOCAL_DESTINATION,
  REQUIRED_ANNOTATION,
} from '../../../api/index.ts';
import { StageError } from '../../errors.ts';
import type { Kind } from '../kind.ts';
import { CommonSettings, wrongTogether } from './common.ts';
import { scrubbed, secretTexts } from './scrub.ts';

/** A Secret as the cluster has it. */
export interface SecretTexts {
  name: string;
  /** The value of its label. */
  kind: string;
  /** null: not text. */
  data: Readonly<Record<string, string | null>>;
  annotations: Readonly<Record<string, string>>;
}

export type SecretKind = (typeof DESTINATION_KINDS)[number];
export type Kinds = Partial<Record<SecretKind, Kind<unknown>>>;

/** Settings that can be opened. */
export interface ReadSettings {
  kind: Kind<unknown>;
  settings: unknown;
  common: CommonSettings;
}

/** The destination that a Secret describes. */
export interface ReadSecret {
  name: string;
  kind: SecretKind;
  isMarkedDefault: boolean;
  isRequired: boolean;
  /** When a person said that the recovery kit is stored. */
  kitStoredAt: string | null;
  /** The faults of its settings, or the settings. */
  read: StageError | ReadSettings;
}

/** @returns the time in a text, as the API writes it; null where it has none */
function timeIn(text: string | undefined): string | null {
  const ms = Date.parse(text ?? '');
  return Number.isNaN(ms) ? null : new Date(ms).toISOString();
}

/**
 * Reads what a Secret says.
 * @returns why the Secret is no destination at all, as a sentence, when its name or its label cannot be one's
 */
export function readSecret(
  { name, kind, data, annotations }: SecretTexts,
  kinds: Kinds
): ReadSecret | string {
  if (name === LOCAL_DESTINATION)
    return `Secret ${name} is not used: ${LOCAL_DESTINATION} is the destination of NKVM_BACKUP_DIR; give it another name`;
  const known = DestinationKind.exclude([LOCAL_DESTINATION]).safeParse(kind);
  if (!known.success)
    return `Secret ${name} is not used: its label ${DESTINATION_LABEL} says ${JSON.stringify(
      kind.slice(0, 63)
    )}, which is not a kind of destination`;
  return {
    name,
    kind: known.data,
    isMarkedDefault: annotations[DEFAULT_ANNOTATION] === 'true',
    isRequired: annotations[REQUIRED_ANNOTATION] !== 'false',
    kitStoredAt: timeIn(annotations[KIT_STORED_ANNOTATION]),
    read: readSettings(name, known.data, data, kinds),
  };
}

/** @returns the settings, or the error that names all that is wrong with them; it shows no value. */
export function readSettings(
  name: string,
  kindName: SecretKind,
  data: SecretTexts['data'],
  kinds: Kinds
): StageError | ReadSettings {
  const kind = kinds[kindName];
  if (!kind)
    return notValid(name, [`this version of NKVM has no destinations of kind ${kindName}`]);
  const notText = Object.keys(data).filter(key => data[key] === null);
  if (notText.length > 0)
    return notValid(
      name,
      notText.map(key => `${key} is not text`)
    );
  const [ofKind, ofAll] = split(data);
  const common = CommonSettings.safeParse(ofAll);
  const settings = kind.settings.safeParse(ofKind);
  if (common.success && settings.success) {
    const fault = wrongTogether(kind, common.data);
    if (fault) return notValid(name, [fault]);
    return { kind, settings: settings.data, common: common.data };
  }
  const faults = [common.error, settings.error].flatMap(error => error?.issues ?? []);
  const secrets = secretTexts(data);
  return notValid(
    name,
    faults.flatMap(sentencesOf).map(text => scrubbed(text, secrets))
  );
}

/** @returns the keys of the kind, and those that every kind has. */
function split(data: SecretTexts['data']): [Record<string, string>, Record<string, string>] {
  const ofKind: Record<string, string> = {};
  const ofAll: Record<string, string> = {};
  for (const [key, value] of Object.entries(data)) {
    const text = withoutLineEnd(value ?? '');
    if (key in CommonSettings.shape) ofAll[key] = text;
    else ofKind[key] = text;
  }
  return [ofKind, ofAll];
}

/** `kubectl create secret --from-file`, and `echo` before base64, add a line end that nobody means. */
const withoutLineEnd = (text: string): string => {
  const line = text.replace(/\r?\n$/, '');
  return line.includes('\n') ? text : line;
};

interface Issue {
  code?: string | undefined;
  path: PropertyKey[];
  message: string;
  keys?: string[];
}

function sentencesOf({ code, path, message, keys }: Issue): string[] {
  if (code === 'unrecognized_keys')
    return (keys ?? []).map(key => `${key} is not a key of this kind`);
  const key = path.map(String).join('.');
  if (code === 'invalid_type' && /received undefined/.test(message)) return [`${key} is missing`];
  return [key === '' ? message : `${key} ${decapitalized(message)}`];
}

const decapitalized = (text: string): string =>
  /^[A-Z][a-z]/.test(text) ? `${text.charAt(0).toLowerCase()}${text.slice(1)}` : text;

const notValid = (name: string, faults: readonly string[]): StageError =>
  new StageError(
    'queue',
    'DestinationInvalid',
    `destination ${name}: the settings in its Secret are not valid: ${faults.join('; ')}`,
    'correct the Secret; NKVM sees the change at once',
    'needs-action'
  );
