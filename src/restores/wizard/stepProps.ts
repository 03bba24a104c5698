import type { Draft } from './draft';

/** What every step of the wizard gets. */
export interface StepProps {
  cluster: string;
  draft: Draft;
  change(differs: Partial<Draft>): void;
}
