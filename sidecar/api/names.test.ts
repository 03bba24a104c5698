import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import {
  allowRestoresCommand,
  namespaceOfNkvm,
  NKVM_NAMESPACE,
  openNamespaceCommand,
  runsIn,
} from './names.ts';

describe('commands in messages', () => {
  afterEach(() => runsIn(NKVM_NAMESPACE));

  it('name the namespace that NKVM runs in, also in the name of a binding', () => {
    runsIn('backup-system');
    expect(namespaceOfNkvm()).toBe('backup-system');
    expect([openNamespaceCommand('shop'), allowRestoresCommand('shop')]).toEqual([
      'kubectl create rolebinding nkvm-runtime.backup-system -n shop --clusterrole nkvm-runtime --serviceaccount backup-system:nkvm-runner',
      'kubectl create rolebinding nkvm-restore.backup-system -n shop --clusterrole nkvm-restore --serviceaccount backup-system:nkvm-runner',
    ]);
  });

  it('are made from it, and from no fixed name, everywhere in the service', () => {
    const sources = join(import.meta.dirname, '../src');
    const fixed = readdirSync(sources, { recursive: true, encoding: 'utf8' })
      .filter(file => file.endsWith('.ts') && !/\.test\.ts$|^testing\//.test(file))
      .filter(file =>
        /-n nkvm\b|nkvm:nkvm-|namespace[ =]nkvm\b|\bNKVM_NAMESPACE\b(?!\.)/.test(
          readFileSync(join(sources, file), 'utf8')
        )
      );
    expect(fixed).toEqual(['config.ts']); // the name of the setting
  });
});
