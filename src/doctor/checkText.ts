import type { DoctorCheck, DoctorOutcome } from '../../sidecar/api';
import type { Translate } from '../ui/text';

type Name = DoctorCheck['check'];

export interface Group {
  title: string;
  checks: readonly Name[];
}

/** The checks as the page shows them. */
export const groups = (t: Translate): Group[] => [
  {
    title: t('NKVM and the cluster'),
    checks: ['process', 'cluster', 'clock', 'rights', 'namespaces'],
  },
  { title: t('Storage'), checks: ['destinations', 'disk', 'history', 'lease'] },
  { title: t('Runs'), checks: ['image', 'push', 'webhook', 'schedules'] },
];

export function checkName(check: Name, t: Translate): string {
  switch (check) {
    case 'process':
      return t('NKVM');
    case 'cluster':
      return t('Cluster');
    case 'clock':
      return t('Clock');
    case 'rights':
      return t('Rights of NKVM');
    case 'namespaces':
      return t('Namespaces of helper pods');
    case 'destinations':
      return t('Destinations');
    case 'disk':
      return t('Disk');
    case 'history':
      return t('History');
    case 'lease':
      return t('Lease');
    case 'image':
      return t('Image of helper pods');
    case 'push':
      return t('Port for helper pods');
    case 'webhook':
      return t('Webhook');
    case 'schedules':
      return t('Schedules');
  }
}

export function outcomeText(outcome: DoctorOutcome, t: Translate): string {
  switch (outcome) {
    case 'ok':
      return t('OK');
    case 'warning':
      return t('Warning');
    case 'failed':
      return t('Failed');
  }
}

export function summaryText(outcome: DoctorOutcome, t: Translate): string {
  switch (outcome) {
    case 'ok':
      return t('All checks are fine.');
    case 'warning':
      return t('There are warnings.');
    case 'failed':
      return t('Something is wrong. Each failed check says what to do.');
  }
}
