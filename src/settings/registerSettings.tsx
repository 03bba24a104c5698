import { registerPluginSettings } from '@kinvolk/headlamp-plugin/lib';
import { WithText } from '../ui/text';
import { PLUGIN, readPlacesOfBrowser } from './places';
import { PlaceSettingsPage } from './PlaceSettingsPage';

/** Reads the settings of the plugin, and registers their page. It has a button of its own to save. */
export function registerSettings(): void {
  readPlacesOfBrowser();
  registerPluginSettings(
    PLUGIN,
    () => (
      <WithText>
        <PlaceSettingsPage />
      </WithText>
    ),
    false
  );
}
