import { describe, expect, it } from 'vitest';
import { allowedNamespaces, namespacesAtHand } from './namespacesAtHand';

describe('a user without administrator rights asks in', () => {
  it.each<[string, string[], string[], string | undefined, string[]]>([
    ['the namespaces of the filter', ['shop'], ['bank'], 'dev', ['shop']],
    ['those that Headlamp is set to allow', [], ['bank'], 'dev', ['bank']],
    ['the one of the configuration', [], [], 'dev', ['dev']],
    ['default where the configuration has none', [], [], undefined, ['default']],
    ['default where headlamp-server gives an empty one', [], [], '', ['default']],
  ])('%s', (_, selected, allowed, configured, expected) => {
    expect(namespacesAtHand(selected, allowed, configured)).toEqual(expected);
  });
});

describe("Headlamp's allowed namespaces", () => {
  const stored = (items: Record<string, string>) =>
    allowedNamespaces('main', { getItem: key => items[key] ?? null });

  it('are none without the setting', () => expect(stored({})).toEqual([]));

  it('are those of this cluster', () => {
    expect(
      stored({
        'cluster_settings.main': '{"allowedNamespaces":["shop","bank"]}',
        'cluster_settings.other': '{"allowedNamespaces":["dev"]}',
      })
    ).toEqual(['bank', 'shop']);
  });

  it('contain those that a selector of labels stands for', () => {
    const cache = 'cluster_allowed_namespaces_selector_cache.main';
    const settings = '{"allowedNamespaces":["shop"],"allowedNamespacesSelector":"team=a"}';
    const resolved = (selector: string) => `{"selector":"${selector}","namespaces":["dev"]}`;
    const both = { 'cluster_settings.main': settings, [cache]: resolved('team=a') };
    expect(stored(both)).toEqual(['dev', 'shop']);
    expect(stored({ ...both, [cache]: resolved('team=before') })).toEqual(['shop']);
  });

  it('are none where the setting is broken', () => {
    expect(stored({ 'cluster_settings.main': '{"allowedNamespaces' })).toEqual([]);
  });
});
