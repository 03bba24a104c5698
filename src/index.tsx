import { registerOnClaims } from './backups/registerOnClaims';
import { registerNavigation } from './navigation';
import { registerOnObjects } from './policy/registerOnObjects';

registerNavigation();
registerOnClaims();
registerOnObjects();
