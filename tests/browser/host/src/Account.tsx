import { Icon } from '@iconify/react';
import { logout } from '@kinvolk/headlamp-plugin/lib/lib/auth';
import { useSelectedClusters } from '@kinvolk/headlamp-plugin/lib/lib/k8s';
import { IconButton, Menu, MenuItem } from '@mui/material';
import { useState } from 'react';
import { useHistory } from 'react-router-dom';

/** The account menu of Headlamp: logs out of the clusters that are shown, without reloading the page. */
export function Account() {
  const clusters = useSelectedClusters();
  const history = useHistory();
  const [anchor, setAnchor] = useState<HTMLElement>();
  if (clusters.length === 0) return null;

  async function leave(): Promise<void> {
    setAnchor(undefined);
    await Promise.all(clusters.map(cluster => logout(cluster)));
    history.push('/');
  }
  return (
    <>
      <IconButton
        aria-label="Account of current user"
        aria-haspopup="true"
        color="inherit"
        onClick={({ currentTarget }) => setAnchor(currentTarget)}
      >
        <Icon icon="mdi:account" />
      </IconButton>
      <Menu anchorEl={anchor} open={!!anchor} onClose={() => setAnchor(undefined)}>
        <MenuItem onClick={() => void leave()}>Log out</MenuItem>
      </Menu>
    </>
  );
}
