import { z } from 'zod';
import { VolumeRef } from './backups.ts';
import { STREAM_END_REASONS } from './names.ts';
import { Volume } from './volumes.ts';

/** `ready`, the first event of `GET volumes/events`: every change from now on is told. Read the list after it. */
export const VolumesReady = z.strictObject({});
export type VolumesReady = z.infer<typeof VolumesReady>;

/** `change` of `GET volumes/events`: volumes as they are now; at most one event a second. */
export const VolumesChange = z.strictObject({
  volumes: z.array(Volume),
  removed: z.array(VolumeRef).describe('claims that do not exist any more'),
});
export type VolumesChange = z.infer<typeof VolumesChange>;

/** `end`, the last event of a stream that NKVM ends. */
export const StreamEnd = z.strictObject({ reason: z.enum(STREAM_END_REASONS) });
export type StreamEnd = z.infer<typeof StreamEnd>;
