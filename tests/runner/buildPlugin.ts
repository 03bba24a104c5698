/** Builds the plugin, unless it is built of these files: the suites that run side by side have one `dist/`. */
import { preparePlugin } from '../demo/prepare.ts';

await preparePlugin(console.log);
