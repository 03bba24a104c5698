import { Activity } from '@kinvolk/headlamp-plugin/lib';
import { Box } from '@mui/material';
import { type ReactNode, useEffect, useRef } from 'react';
import { useSelector } from 'react-redux';
import { useLocation } from 'react-router-dom';
import { PATH_PREFIX } from '../routes';

/**
 * Headlamp shows an object in a window over half of the page. A link in that window opens its page below the window, where
 * half of it is covered: so the window is minimised when a page of ours is opened.
 */
export function LeavesWindow({ children }: { children: ReactNode }) {
  const box = useRef<HTMLDivElement>(null);
  const { pathname } = useLocation();
  const before = useRef(pathname);
  const top = useSelector((state: { activity?: { history?: string[] } }) =>
    state.activity?.history?.at(-1)
  );
  useEffect(() => {
    const isOther = before.current !== pathname;
    before.current = pathname;
    const isInWindow = box.current?.closest('[role="complementary"]');
    if (isOther && isInWindow && top && pathname.includes(PATH_PREFIX)) {
      Activity.update(top, { minimized: true });
    }
  }, [pathname, top]);
  return <Box ref={box}>{children}</Box>;
}
