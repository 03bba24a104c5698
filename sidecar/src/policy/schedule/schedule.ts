/** A value of the label `backup`, or of a nickname such as `@daily`: NKVM chooses the time. */
export const PRESETS = ['hourly', 'daily', 'weekly', 'monthly'] as const;
export type Preset = (typeof PRESETS)[number];

/** When runs are due. */
export interface Schedule {
  /** The value as it was written, e.g. `hourly` or `TZ=Europe/Berlin 30 2 * * *`. */
  text: string;
  /** Five fields as they run, e.g. `17 3 * * *`: a preset has the minute, hour and day of this volume. */
  cron: string;
  /** IANA name of the time zone that `cron` is read in, e.g. `Europe/Berlin`. */
  timeZone: string;
  /** Null: `cron` was written by a person. */
  preset: Preset | null;
  setOn: 'claim' | 'namespace';
  setBy: 'label' | 'annotation';
}

/** Which claim a preset is for. It survives a new claim, or a new namespace, of the same name. */
export interface ScheduleKey {
  clusterUid: string;
  namespace: string;
  name: string;
}
