import { K8s } from '@kinvolk/headlamp-plugin/lib';
import { Loader } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import type { ReactNode } from 'react';
import { useLocation } from 'react-router-dom';
import { useConfirmed } from './api/queries/queries';
import { BackUps } from './backups/start/BackUps';
import { NotShown } from './setup/NotShown';
import { Boundary } from './ui/Boundary';
import { WithText } from './ui/text';

interface FrameProps {
  /** What is shown is about these; without them about those that are selected. */
  clusters?: string[];
  children: ReactNode;
}

/** What each of our pages, sections and actions is put into. */
export function Frame({ clusters, children }: FrameProps) {
  const selected = K8s.useSelectedClusters();
  const { pathname } = useLocation();
  const about = clusters ?? selected;
  return (
    <WithText>
      <Boundary
        at={pathname}
        fallback={(error, again) => <NotShown clusters={about} error={error} again={again} />}
      >
        <Confirmed clusters={about} isPage={clusters === undefined}>
          {/* What was typed or chosen for one object is not for the next one: Back may lead from one to the other. */}
          <BackUps key={pathname}>{children}</BackUps>
        </Confirmed>
      </Boundary>
    </WithText>
  );
}

interface ConfirmedProps {
  clusters: string[];
  isPage: boolean;
  children: ReactNode;
}

function Confirmed({ clusters, isPage, children }: ConfirmedProps) {
  const isConfirmed = useConfirmed(clusters);
  if (isConfirmed) return <>{children}</>;
  return isPage ? <Loader title="" /> : null;
}
