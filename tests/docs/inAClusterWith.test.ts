import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SETTINGS } from '../../sidecar/src/config.ts';
import { INJECTION_OPT_OUTS } from '../../sidecar/src/helper/injectors.ts';
import { reasonsInCode } from './reasonsInCode.ts';
import { ROOT } from './support/blocks.ts';

const SOURCES = join(ROOT, 'sidecar/src');
const page = readFileSync(join(ROOT, 'docs/operations/in-a-cluster-with.md'), 'utf8');
const sections = page
  .split(/^## /m)
  .slice(1)
  .map(section => ({ title: section.slice(0, section.indexOf('\n')), section }));

/** All texts of the service and the plugin, with `…` for whatever is put into them. */
const code = [SOURCES, join(ROOT, 'src'), join(ROOT, 'sidecar/api')]
  .flatMap(dir =>
    readdirSync(dir, { recursive: true, encoding: 'utf8' })
      .filter(file => /\.tsx?$/.test(file) && !/\.test\.|testing\//.test(file))
      .map(file => readFileSync(join(dir, file), 'utf8'))
  )
  .join('\n')
  .replaceAll(/\$\{[^{}]*\}/g, '…');

/** Clusters that a person may have. */
const CLUSTERS = [
  'quotas',
  'policies',
  'restricted namespaces',
  'mesh',
  'tainted nodes',
  'autoscaler',
  'private registry',
  'root_squash',
  'SELinux',
  'ARM and Windows',
  'another port',
  'login proxy',
];

describe('docs/operations/in-a-cluster-with.md', () => {
  it.each(CLUSTERS)('has a section on %s', cluster => {
    expect(sections.filter(({ title }) => title.includes(cluster))).toHaveLength(1);
  });

  it.each([...page.matchAll(/^> (.*)$/gm)].map(([, message = '']) => message))(
    'quotes a message that there is: %s',
    message => expect(code).toContain(message.replace(/ …$/, '').replace(/^… /, ''))
  );

  it('names settings that there are, and every one of helper pods', () => {
    const named = new Set(page.match(/\bNKVM_[A-Z_]+[A-Z]\b/g));
    expect([...named].filter(name => !(name in SETTINGS))).toEqual([]);
    const ofHelpers = Object.keys(SETTINGS).filter(name => name.startsWith('NKVM_HELPER_'));
    expect(ofHelpers.filter(name => !named.has(name))).toEqual([]);
  });

  it('names reasons that there are', () => {
    const known = reasonsInCode(SOURCES);
    const named = [...page.matchAll(/^Reasons?: (.*)$/gm)].flatMap(([, list = '']) =>
      [...list.matchAll(/`(\w+)`/g)].map(([, reason = '']) => reason)
    );
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter(reason => !known.has(reason))).toEqual([]);
  });

  it('names every injector that helper pods ask to leave them alone', () => {
    const mesh = sections.find(({ title }) => title.includes('mesh'))?.section ?? '';
    const domains = Object.keys({
      ...INJECTION_OPT_OUTS.labels,
      ...INJECTION_OPT_OUTS.annotations,
    });
    const unnamed = domains.filter(
      name =>
        ![...PRODUCTS].some(([part, product]) => name.includes(part) && mesh.includes(product))
    );
    expect(unnamed).toEqual([]);
  });
});

/** A part of the label or annotation, and what people call the product. */
const PRODUCTS = new Map([
  ['istio.io', 'Istio'],
  ['linkerd', 'Linkerd'],
  ['consul', 'Consul'],
  ['vault', 'Vault'],
  ['kuma', 'Kuma'],
  ['nginx', 'NGINX Service Mesh'],
  ['openservicemesh', 'Open Service Mesh'],
  ['appmesh', 'AWS App Mesh'],
  ['datadog', 'Datadog'],
  ['newrelic', 'New Relic'],
  ['instana', 'Instana'],
  ['dynatrace', 'Dynatrace'],
  ['opentelemetry', 'OpenTelemetry'],
]);
