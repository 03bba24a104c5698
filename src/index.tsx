import { registerBackups } from './backups/register';
import { registerDestinations } from './destinations/register';
import { registerFiles } from './files/register';
import { registerRestores } from './restores/register';
import { registerVolumes } from './volumes/register';

registerVolumes();
registerBackups();
registerFiles();
registerRestores();
registerDestinations();
