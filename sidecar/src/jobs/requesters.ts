/** The requester of scheduled runs. */
export const SCHEDULE = 'schedule';

/** The requester of the restores that nobody has asked for. */
export const POPULATOR = 'populator';
