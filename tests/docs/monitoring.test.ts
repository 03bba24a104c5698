import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { RUNBOOKS_URL } from '../../sidecar/api/index.ts';
import { registerAuditMetrics } from '../../sidecar/src/observe/auditMetrics.ts';
import { registerDestinationGauges } from '../../sidecar/src/observe/destinationGauges.ts';
import { createMetrics } from '../../sidecar/src/observe/metrics.ts';
import { registerProtectionGauges } from '../../sidecar/src/observe/protectionGauges.ts';

interface Rules {
  groups: {
    rules: { alert: string; expr: string; labels: object; annotations: Record<string, string> }[];
  }[];
}

interface Dashboard {
  uid: string;
  templating: { list: { name: string; type: string }[] };
  panels: { title: string; targets: { expr: string; datasource: { uid: string } }[] }[];
}

const read = (path: string): string =>
  readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const { groups } = parse(read('deploy/monitoring/alerts.yaml')) as Rules;
const alerts = groups.flatMap(({ rules }) => rules);
const dashboard = JSON.parse(read('deploy/monitoring/dashboard.json')) as Dashboard;
const targets = dashboard.panels.flatMap(panel => panel.targets);
/** Headings of the runbook, as GitHub makes anchors of them. */
const anchors = [...read('docs/runbooks/README.md').matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
  (heading ?? '')
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-')
);

/** @returns names of series that Prometheus gets, those of histograms with their endings. */
async function seriesNames(): Promise<string[]> {
  const { registry } = createMetrics({
    depth: () => ({ queued: 0, running: 0 }),
    inventory: { claims: () => [], namespaces: () => [], isReady: () => true },
    isHistoryReadOnly: () => false,
    inventoryProblems: () => 0,
    history: {
      ofClaim: () => ({ lastBackup: null, lastSuccess: null, lastProvenRestore: null }),
      checkFailure: () => null,
    },
    historySize: async () => ({ bytes: 0, freeBytes: 0, rows: 0 }),
    helperLeaks: async () => 0,
  });
  registerAuditMetrics(registry, { broken: () => null, lost: () => 0 });
  registerDestinationGauges(registry, () => []);
  registerProtectionGauges(registry, () => undefined);
  return (await registry.getMetricsAsJSON()).flatMap(({ name, type }) =>
    String(type) === 'histogram' ? ['_bucket', '_sum', '_count'].map(end => name + end) : [name]
  );
}

describe('the alerts and the dashboard', () => {
  it('ask for series that there are', async () => {
    const known = await seriesNames();
    const asked = [...alerts, ...targets].flatMap(({ expr }) => expr.match(/\bnkvm_\w+/g) ?? []);
    expect(asked.length).toBeGreaterThan(20);
    expect(asked.filter(name => !known.includes(name))).toEqual([]);
  });

  it('leave no series of claims, queue, helpers and history without a look', async () => {
    const asked = [...alerts, ...targets].map(({ expr }) => expr).join(' ');
    const names = (await seriesNames()).filter(name => name.startsWith('nkvm_'));
    const unseen = names.filter(name => !asked.includes(name.replace(/_(bucket|sum|count)$/, '')));
    expect(unseen).toEqual([]);
  });
});

describe('the alerts', () => {
  it.each(alerts.map(alert => [alert.alert, alert] as const))(
    '%s says what is wrong, how bad it is, and where to read on',
    (_, { labels, annotations }) => {
      expect(labels).toEqual({ severity: expect.stringMatching(/^(critical|warning|info)$/) });
      expect(annotations).toMatchObject({
        summary: expect.any(String),
        description: expect.any(String),
      });
      const [page, anchor] = annotations.runbook_url?.split('#') ?? [];
      expect(page).toBe(RUNBOOKS_URL);
      expect(anchors).toContain(anchor);
    }
  );

  it('are the same for the Prometheus operator', () => {
    const rule = parse(read('deploy/monitoring/operator/prometheus-rule.yaml')) as { spec: Rules };
    expect(rule.spec).toEqual({ groups });
  });
});

it('both ways to scrape give their bindings names of their own, so that neither replaces the other', () => {
  const account = read('deploy/monitoring/account/account.yaml');
  const [, ours] = /kind: ClusterRoleBinding\n(?:.*\n)*?  name: (\S+)/.exec(account) ?? [];
  const [, theirs] =
    /create clusterrolebinding (\S+)/.exec(read('docs/operations/metrics.md')) ?? [];
  expect(ours).toBe('nkvm-metrics');
  expect(theirs).toBe('nkvm-metrics-prometheus');
  for (const file of ['deploy/k8s/rbac/metrics.yaml', 'deploy/monitoring/scrape-config.yaml'])
    expect(read(file)).toContain(`create clusterrolebinding ${theirs} `);
});

describe('the dashboard', () => {
  it('has a fixed uid and takes any data source', () => {
    expect(dashboard.uid).toBe('nkvm');
    expect(dashboard.templating.list).toContainEqual(
      expect.objectContaining({ name: 'datasource', type: 'datasource' })
    );
    expect(new Set(targets.map(({ datasource }) => datasource.uid))).toEqual(
      new Set(['${datasource}'])
    );
  });
});
