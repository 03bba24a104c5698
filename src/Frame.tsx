import { K8s } from '@kinvolk/headlamp-plugin/lib';
import { Loader } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import type { ReactNode } from 'react';
import { useConfirmed } from './api/queries/queries';
import { BackUps } from './backups/start/BackUps';
import { WithText } from './ui/text';

interface FrameProps {
  /** What is shown is about these; without them about those that are selected. */
  clusters?: string[];
  children: ReactNode;
}

/** What each of our pages, sections and actions is put into. */
export function Frame({ clusters, children }: FrameProps) {
  return (
    <WithText>
      <Confirmed clusters={clusters}>
        <BackUps>{children}</BackUps>
      </Confirmed>
    </WithText>
  );
}

function Confirmed({ clusters, children }: FrameProps) {
  const selected = K8s.useSelectedClusters();
  const isConfirmed = useConfirmed(clusters ?? selected);
  if (isConfirmed) return <>{children}</>;
  return clusters ? null : <Loader title="" />;
}
