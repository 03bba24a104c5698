import type { Registry } from 'prom-client';

/** Metrics as `/metrics` shows them. */
export type ShownMetrics = Pick<Registry, 'contentType' | 'metrics'>;

/**
 * @param others registries with the same metrics and labels of their own
 * @returns the metrics of all: what one metric is, is said once, as Prometheus wants it
 */
export const metricsOfAll = (
  own: Registry,
  others: () => readonly Pick<Registry, 'metrics'>[]
): ShownMetrics => ({
  contentType: own.contentType,
  async metrics() {
    const texts = await Promise.all([own, ...others()].map(each => each.metrics()));
    const blocks = new Map<string, string[]>();
    for (const text of texts) {
      for (const block of text.split('\n\n')) {
        const lines = block.split('\n').filter(line => line !== '');
        const name = /^# HELP (\S+)/.exec(lines[0] ?? '')?.[1];
        if (name === undefined) continue;
        const known = blocks.get(name);
        if (known) known.push(...lines.filter(line => !line.startsWith('#')));
        else blocks.set(name, lines);
      }
    }
    return `${[...blocks.values()].map(lines => lines.join('\n')).join('\n\n')}\n`;
  },
});
