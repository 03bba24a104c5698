import type { Draft } from './draft';

/** What changes of a draft. */
export type Change = Partial<Draft> | ((now: Draft) => Partial<Draft>);

/** What every step of the wizard gets. */
export interface StepProps {
  cluster: string;
  draft: Draft;
  /** A function gets what is chosen by now: an effect must not overwrite what a person has chosen since its render. */
  change(differs: Change): void;
}
