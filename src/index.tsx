import { registerOnClaims } from './backups/registerOnClaims';
import { registerNavigation } from './navigation';

registerNavigation();
registerOnClaims();
