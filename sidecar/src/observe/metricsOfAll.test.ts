import { Counter, Gauge, Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { metricsOfAll } from './metricsOfAll.ts';

it('says once what a metric is, and tells the series of clusters apart', async () => {
  const registries = [undefined, 'edge'].map(cluster => {
    const registry = new Registry();
    if (cluster) registry.setDefaultLabels({ cluster });
    const runs = new Counter({
      ...{ name: 'runs_total', help: 'Runs', labelNames: ['result'] },
      registers: [registry],
    });
    runs.inc({ result: 'success' }, cluster ? 2 : 1);
    return registry;
  });
  const [own, edge] = registries as [Registry, Registry];
  new Gauge({ name: 'edge_only', help: 'Of one', registers: [edge] }).set(3);
  expect((await metricsOfAll(own, () => [edge]).metrics()).trimEnd().split('\n')).toEqual([
    '# HELP runs_total Runs',
    '# TYPE runs_total counter',
    'runs_total{result="success"} 1',
    'runs_total{result="success",cluster="edge"} 2',
    '',
    '# HELP edge_only Of one',
    '# TYPE edge_only gauge',
    'edge_only{cluster="edge"} 3',
  ]);
  expect(await metricsOfAll(own, () => []).metrics()).toBe(await own.metrics());
});
