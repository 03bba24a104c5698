import { readConfig } from '../../config.ts';
import type { HelperSettings } from '../../helper/settings/settings.ts';

/** Helper pods as they are without any setting. */
export const exampleHelperSettings: HelperSettings = {
  image: 'example/helper:1',
  ...readConfig({}).helper.settings,
};
