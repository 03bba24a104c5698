import type { SecretDraft } from '../api/session/secrets';
import { isSecretKey, type Kind } from './fields';

/** Stands where a value is not shown. */
export const PLACEHOLDER = 'REPLACE_ME';

/**
 * @returns the manifest of a destination's Secret as YAML, without any of its credentials: for the eyes of a person, and for
 *   a repository whose tools fill them in.
 */
export function manifestOf({ metadata, ...secret }: SecretDraft, kind: Kind): string {
  const map = (entries: Record<string, string>, indent: string) =>
    Object.entries(entries).map(([key, value]) => `${indent}${key}: ${scalar(value, indent)}`);
  return [
    `apiVersion: ${secret.apiVersion}`,
    `kind: ${secret.kind}`,
    'metadata:',
    `  name: ${scalar(metadata.name, '  ')}`,
    `  namespace: ${metadata.namespace}`,
    '  labels:',
    ...map(metadata.labels, '    '),
    '  annotations:',
    ...map(metadata.annotations, '    '),
    `type: ${secret.type}`,
    'stringData:',
    ...Object.entries(secret.stringData).map(
      ([key, value]) =>
        `  ${key}: ${isSecretKey(kind, key) ? scalar(PLACEHOLDER, '  ') : scalar(value, '  ')}`
    ),
    '',
  ].join('\n');
}

/** A text that YAML reads as that text: a quoted one, or a block of lines. */
function scalar(text: string, indent: string): string {
  const lines = text.replace(/\n$/, '').split('\n');
  if (lines.length === 1) return JSON.stringify(text);
  // A block takes the indentation of its first line for that of all.
  if (/^\s/.test(lines[0]!)) return JSON.stringify(text);
  const mark = text.endsWith('\n') ? '|' : '|-';
  return [mark, ...lines.map(line => (line ? `${indent}  ${line}` : ''))].join('\n');
}
