import { describe, expect, it } from 'vitest';
import { doctorText } from '../../api/doctorText.ts';
import type { DoctorReport } from '../../api/index.ts';
import { DOCTOR_CHECKS, DoctorReport as Report } from '../../api/index.ts';
import { StageError } from '../errors.ts';
import type { Check, Checks } from './doctor.ts';
import { doctorOf } from './doctor.ts';
import { fails, fine, warns } from './finding.ts';

const ok: Check = async () => [fine('all is well')];
const ALL_OK = Object.fromEntries(DOCTOR_CHECKS.map(name => [name, ok])) as unknown as Checks;
const VIEWER = { seesNamespaces: true, seesDestinations: true };

const reportWith = (checks: Partial<Checks>): Promise<DoctorReport> =>
  doctorOf({
    checks: { ...ALL_OK, ...checks },
    about: { version: '0.0.0', cluster: 'test', namespace: 'nkvm' },
    waitsFor: () => 'NKVM is starting: the Lease',
    now: () => new Date('2026-01-01T00:00:00Z'),
    limitMs: 100,
  })(VIEWER);

const of = ({ checks }: DoctorReport, name: string) => checks.find(({ check }) => check === name);

describe('a report', () => {
  it('has every check, in their order', async () => {
    const report = await reportWith({});
    expect(Report.parse(report).outcome).toBe('ok');
    expect(report.checks.map(({ check }) => check)).toEqual([...DOCTOR_CHECKS]);
  });

  it('is as bad as its worst check', async () => {
    const warned = await reportWith({ disk: async () => [fine('a'), warns('b', 'c')] });
    expect([warned.outcome, of(warned, 'disk')?.outcome]).toEqual(['warning', 'warning']);
    const failed = await reportWith({ disk: async () => [fails('a', 'b'), warns('b', 'c')] });
    expect([failed.outcome, of(failed, 'disk')?.outcome]).toEqual(['failed', 'failed']);
  });

  it('does not wait for a check that hangs, and has the others', async () => {
    const report = await reportWith({ destinations: () => new Promise(() => undefined) });
    expect(of(report, 'destinations')).toMatchObject({
      outcome: 'failed',
      findings: [{ text: 'no answer within 0.1 s' }],
    });
    expect(report.checks.filter(({ outcome }) => outcome === 'ok')).toHaveLength(
      DOCTOR_CHECKS.length - 1
    );
  });

  it('has the failure of a check, with its hint', async () => {
    const report = await reportWith({
      rights: async () => {
        throw new StageError('wait', 'ApiAway', 'no answer', 'check the network', 'transient');
      },
    });
    expect(of(report, 'rights')?.findings).toEqual([
      fails('the check failed: no answer', 'check the network'),
    ]);
  });

  it('says what NKVM waits for where a part has not started', async () => {
    const report = await reportWith({ image: async () => undefined });
    expect(of(report, 'image')).toMatchObject({
      outcome: 'warning',
      findings: [{ text: 'not checked: NKVM is starting: the Lease' }],
    });
  });

  it('is text without control characters', async () => {
    const report = await reportWith({
      disk: async () => [fails('a\u001b[31mred\r\nline', 'do it', 'kubectl get\nall')],
    });
    const text = doctorText(report);
    expect(text).toContain('FAILED   disk: a [31mred line\n         -> do it');
    expect(text).toContain('            kubectl get\n            all');
    expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  });
});
