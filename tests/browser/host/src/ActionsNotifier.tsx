import { useTypedSelector } from '@kinvolk/headlamp-plugin/lib/redux/hooks';
import { type SnackbarKey, useSnackbar } from 'notistack';
import { useEffect } from 'react';

/** Shows the progress of Headlamp's cluster actions (delete, scale, …) as snackbars. */
export function ActionsNotifier() {
  const actions = useTypedSelector(state => state.clusterAction);
  const { enqueueSnackbar } = useSnackbar();
  useEffect(() => {
    for (const action of Object.values(actions)) {
      if (!action?.message) continue;
      enqueueSnackbar(action.message, {
        key: action.key as SnackbarKey | undefined,
        preventDuplicate: true,
        autoHideDuration: 3000,
        ...action.snackbarProps,
      });
    }
  }, [actions, enqueueSnackbar]);
  return null;
}
