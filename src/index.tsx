import { registerOnClaims } from './backups/claim/registerOnClaims';
import { registerNavigation } from './navigation';
import { registerOnObjects } from './policy/registerOnObjects';
import { registerSettings } from './settings/registerSettings';

registerSettings();
registerNavigation();
registerOnClaims();
registerOnObjects();
