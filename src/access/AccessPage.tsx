import { K8s } from '@kinvolk/headlamp-plugin/lib';
import { SectionBox } from '@kinvolk/headlamp-plugin/lib/CommonComponents';
import { Stack, Typography } from '@mui/material';
import { useParams } from 'react-router-dom';
import {
  ADMIN_SERVICE_ACCOUNT,
  USER_SERVICE_ACCOUNT,
  VOLUME_ACTIONS,
} from '../../sidecar/api/names.ts';
import { placeOf } from '../api/session/place';
import { Shown } from '../setup/Shown';
import { Facts } from '../ui/Facts';
import { Message } from '../ui/Message';
import { PageHeader } from '../ui/PageHeader';
import { useText } from '../ui/text';
import { useBackLink } from '../useBackLink';
import { actionName, scopeText } from './accessText';
import { Allowed } from './Allowed';
import { GrantSection } from './GrantSection';
import { SubjectList } from './SubjectList';
import { type OthersAccess, useOthersAccess, useOwnAccess } from './useAccess';

/** The route to the page of one namespace. */
export function AccessRoute() {
  const cluster = K8s.useCluster() ?? '';
  const { namespace } = useParams<{ namespace: string }>();
  return <AccessPage key={namespace} cluster={cluster} namespace={namespace} />;
}

/** Who can do what with the volumes of a namespace, and how to let somebody do more. */
export function AccessPage({ cluster, namespace }: { cluster: string; namespace: string }) {
  const { t } = useText();
  const own = useOwnAccess(cluster, namespace);
  const others = useOthersAccess(cluster, namespace);
  return (
    <>
      <SectionBox
        title={<PageHeader title={t('Access in namespace {{namespace}}', { namespace })} />}
        backLink={useBackLink(cluster)}
      >
        <Typography component="h2" variant="h6" gutterBottom>
          {t('You')}
        </Typography>
        <Shown cluster={cluster} asked={own} isPart namespace={namespace}>
          {({ user, scope, actions }) => (
            <Stack spacing={2}>
              <Facts
                rows={[
                  { name: t('NKVM knows you as'), value: user },
                  {
                    name: t('NKVM can back up'),
                    value: scopeText(scope, t),
                    hide: scopeText(scope, t) === null,
                  },
                  ...actions.map(({ action, missing }) => ({
                    name: actionName(action, t),
                    value: <Allowed missing={missing} />,
                  })),
                ]}
              />
              {actions.some(({ allowed }) => !allowed) && (
                <Typography variant="body2" color="text.secondary">
                  {t(
                    'Permissions on single volumes are not counted here. To get more permissions, ask an administrator of the namespace or of the cluster.'
                  )}
                </Typography>
              )}
            </Stack>
          )}
        </Shown>
      </SectionBox>
      <SectionBox title={t('ServiceAccounts, users and groups')}>
        <Shown cluster={cluster} asked={others} isPart namespace={namespace}>
          {value => <Others cluster={cluster} namespace={namespace} others={value} />}
        </Shown>
      </SectionBox>
    </>
  );
}

interface OthersProps {
  cluster: string;
  namespace: string;
  others: OthersAccess;
}

function Others({ cluster, namespace, others }: OthersProps) {
  const { t } = useText();
  const { subjects, more, lacks, mayGrant } = others;
  if (lacks) {
    return (
      <Message severity="info">
        {t(
          'Only people with the permission to {{right}} in this namespace see what others may do. Ask an administrator of the namespace or of the cluster.',
          { right: lacks }
        )}
      </Message>
    );
  }
  const account = `${namespace}/${USER_SERVICE_ACCOUNT}`;
  return (
    <Stack spacing={3}>
      <Typography variant="body2">
        {t(
          'In Headlamp, people use NKVM as ServiceAccount {{account}}. Each person who can create its tokens has its permissions. Administrators of NKVM use ServiceAccount {{admin}}.',
          { account, admin: `${placeOf(cluster).namespace}/${ADMIN_SERVICE_ACCOUNT}` }
        )}
      </Typography>
      <SubjectList namespace={namespace} subjects={subjects} actions={VOLUME_ACTIONS} />
      {more > 0 && (
        <Typography variant="body2">
          {t('{{count}} more are not shown.', { count: more })}
        </Typography>
      )}
      <GrantSection
        cluster={cluster}
        namespace={namespace}
        accounts={subjects.filter(({ kind }) => kind === 'ServiceAccount')}
        mayGrant={mayGrant}
      />
    </Stack>
  );
}
