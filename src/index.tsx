import { registerOnClaims } from './backups/claim/registerOnClaims';
import { registerNavigation } from './navigation';
import { registerOnObjects } from './policy/registerOnObjects';

registerNavigation();
registerOnClaims();
registerOnObjects();
