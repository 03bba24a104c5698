import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readConfig } from './config.ts';

describe('readConfig', () => {
  it('needs no setting at all', () => {
    expect(readConfig({})).toMatchObject({
      http: { host: '127.0.0.1', port: 8080 },
      backupDir: '/var/lib/nkvm/backups',
      helper: { waitLimits: { node: 600_000, volume: 600_000, image: 300_000, start: 120_000 } },
    });
  });

  it('cannot be changed later', () => {
    expect(Object.isFrozen(readConfig({}))).toBe(true);
  });

  it.each([
    ['NKVM_BACKUP_DIR', 'backups', 'NKVM_BACKUP_DIR takes an absolute path'],
    ['NKVM_MAX_PARALLEL', 'many', 'NKVM_MAX_PARALLEL takes a whole number of runs from 1 to 64'],
    ['NKVM_MAX_PARALLEL', '0', 'NKVM_MAX_PARALLEL takes at least 1 runs'],
    ['NKVM_HELPER_POD_TIMEOUT_SECONDS', '1.5', /takes a whole number of seconds from 5 to 3600/],
    ['NKVM_HELPER_MEMORY_LIMIT', '512', /takes an amount of memory such as 512Mi or 2Gi/],
    ['NKVM_HELPER_MEMORY_LIMIT', '63Mi', /takes at least 64Mi, which every helper needs/],
    ['NKVM_LOG_LEVEL', 'loud', 'NKVM_LOG_LEVEL takes one of: debug, info, warn, error'],
    ['NKVM_MAX_PARALEL', '3', 'NKVM_MAX_PARALEL is not a setting of NKVM'],
  ])('refuses %s=%s by name', (name, value, message) => {
    expect(() => readConfig({ [name]: value })).toThrow(message);
  });

  it('names every wrong setting in one line and shows no value', () => {
    const read = () => readConfig({ NKVM_LOG_LEVEL: 's3cret', NKVM_KUBECONFIG: 'relative' });
    expect(read).toThrow(/NKVM_KUBECONFIG.*NKVM_LOG_LEVEL|NKVM_LOG_LEVEL.*NKVM_KUBECONFIG/);
    expect(read).not.toThrow(/s3cret|\n/);
  });

  it('refuses a port that two listeners would share', () => {
    const env = { NKVM_PUSH_PORT: '8443', NKVM_PUSH_ADDRESS: '10.1.2.3' };
    const read = (more: Record<string, string>) => () => readConfig({ ...env, ...more });
    const webhook = { NKVM_WEBHOOK_PORT: '8443', NKVM_WEBHOOK_CERT_DIR: '/certificates' };
    expect(read(webhook)).toThrow('NKVM_WEBHOOK_PORT is the same as NKVM_PUSH_PORT');
    expect(read({ NKVM_PUSH_PORT: '8080' })).toThrow(
      'NKVM_PUSH_PORT is the same as NKVM_HTTP_PORT'
    );
    expect(read({ NKVM_PUSH_PORT: '0', NKVM_HTTP_PORT: '0' })).not.toThrow(); // free ones
  });

  it('takes an empty variable as not set', () => {
    expect(readConfig({ NKVM_MAX_PARALLEL: '' }).maxParallel).toBe(2);
  });

  it('is not confused by the variables that Kubernetes sets for the Service nkvm', () => {
    expect(() =>
      readConfig({
        NKVM_PORT: 'tcp://10.96.0.7:80',
        NKVM_SERVICE_HOST: '10.96.0.7',
        NKVM_SERVICE_PORT_HTTP: '80',
        NKVM_PORT_80_TCP_ADDR: '10.96.0.7',
      })
    ).not.toThrow();
  });

  it('is told the environment by main.ts and nkvm.ts, which alone read it', () => {
    const here = new URL('.', import.meta.url);
    const readers = readdirSync(here, { recursive: true, encoding: 'utf8' })
      .filter(file => file.endsWith('.ts') && !/\.test\.ts$|^testing\//.test(file))
      .filter(file => readFileSync(new URL(file, here), 'utf8').includes('process.env'));
    expect(readers.sort()).toEqual(['main.ts', 'nkvm.ts', 'programs.ts']); // the search path is no setting
  });
});
