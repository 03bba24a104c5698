import { registerBackups } from './backups/register';
import { registerRestores } from './restores/register';
import { registerVolumes } from './volumes/register';

registerVolumes();
registerBackups();
registerRestores();
