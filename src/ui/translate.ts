import type { useTranslation } from '@kinvolk/headlamp-plugin/lib';

/** What `useTranslation` gives. Keys hold no colon: Headlamp takes what stands before it for a namespace. */
export type Translate = ReturnType<typeof useTranslation>['t'];
