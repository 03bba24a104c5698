import { expect, it } from 'vitest';
import type { AuditEntryShown } from '../../sidecar/api';
import type { Translate } from '../ui/text';
import { callerOf } from './entryText';

const t = ((key: string, values: Record<string, string> = {}) =>
  key.replace(/\{\{(\w+)\}\}/g, (_, name: string) => values[name] ?? '')) as unknown as Translate;
const shown = (actor: object): string => callerOf({ actor } as AuditEntryShown, t);

it.each([
  [{ kind: 'user', name: 'ann' }, 'ann'],
  [{ kind: 'user', name: 'ann', cluster: 'edge' }, 'ann of cluster edge'],
  [{ kind: 'user', name: 'ann of cluster edge' }, '"ann of cluster edge"'],
  [{ kind: 'serviceAccount', name: 'system:serviceaccount:shop:nkvm-user' }, 'shop:nkvm-user'],
  [{ kind: 'nkvm', name: null }, 'NKVM'],
  [{ kind: 'user', name: 'NKVM' }, '"NKVM"'],
  [{ kind: 'user', name: null }, 'Unknown'],
])('names the caller %j as %s', (actor, text) => expect(shown(actor)).toBe(text));
