import { registerBackups } from './backups/register';
import { registerVolumes } from './volumes/register';

registerVolumes();
registerBackups();
