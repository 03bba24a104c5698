/** The contract between the sidecar and everything that calls it. */
export * from './names.ts';
export * from './errors.ts';
export * from './access.ts';
export * from './backups.ts';
export * from './chains.ts';
export * from './copies.ts';
export * from './limits.ts';
export * from './volumes.ts';
export * from './streams.ts';
export * from './info.ts';
export * from './files.ts';
export * from './restores.ts';
export * from './destinations.ts';
export * from './policy.ts';
export * from './clusters.ts';
export * from './doctor.ts';
export * from './audit.ts';
