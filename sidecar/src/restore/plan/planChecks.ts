import type { PlanCheck } from '../../../api/index.ts';
import { allowRootCommand } from '../../helper/settings/readsAs.ts';
import { claimInUse } from '../../helper/wait/placement.ts';
import { namespaceNotFound, namespaceTerminating } from '../claim/claimRefusal.ts';
import { isBlocked } from '../scale/scaler.ts';
import { answerCheck, check, failed, refusal } from './checks.ts';
import type { PlanFacts } from './planFacts.ts';

export function archiveCheck({ request, source: { found, shown } }: PlanFacts): PlanCheck {
  if ('fails' in found) return failed('archive', found.fails);
  const { mode } = request.target;
  const longPaths = found.is.manifest?.seal.omitted.longPaths ?? 0;
  if (longPaths > 0 && !request.paths && (mode === 'overwrite' || mode === 'mirror')) {
    return failed('archive', tooDeep(longPaths));
  }
  if (shown.hasManifest) return check('archive', 'passes', `archive ${shown.archive} exists`);
  return check(
    'archive',
    'warns',
    `archive ${shown.archive} has no manifest: its expected contents and its volume are not known`,
    'compare the list of its files with what you expect'
  );
}

/** Some of the archive would be written before the first such entry comes. */
const tooDeep = (count: number) =>
  refusal(
    'ArchiveUnsupported',
    `${count} of its entries have paths of more than 4,095 bytes, which can be restored only into an empty volume`,
    'restore into a new claim, or only folders above them'
  );

export const digestCheck = ({ digest, source: { found } }: PlanFacts): PlanCheck | undefined =>
  'fails' in found
    ? undefined
    : answerCheck('digest', digest, isCompared =>
        isCompared
          ? 'the archive was read: its digest is correct'
          : check(
              'digest',
              'warns',
              'the archive is a complete .tar.gz, but its expected digest is not known'
            )
      );

export const pathsCheck = ({ selected, source: { found } }: PlanFacts): PlanCheck | undefined =>
  'fails' in found
    ? undefined
    : answerCheck('paths', selected, is => `the archive has ${is?.entries ?? 0} of the entries`);

export function namespaceCheck({ namespace, request, isRestricted }: PlanFacts): PlanCheck {
  const name = request.target.namespace;
  if (!namespace) return failed('namespace', namespaceNotFound(name));
  if (namespace.terminating) return failed('namespace', namespaceTerminating(name));
  if (isRestricted) return failed('namespace', noRoot(name));
  return check('namespace', 'passes', `namespace ${name} exists`);
}

/** Only root can give files to their owners. */
const noRoot = (namespace: string) =>
  refusal(
    'PodSecurity',
    `namespace ${namespace} enforces Pod Security level restricted: it admits no helper pod that runs as root, and no other can restore the owners of files`,
    `let it run as root while you restore: ${allowRootCommand(
      namespace
    )}; or restore into another namespace; or restore a claim when it is created, as docs/operations/zero-touch.md says, which fills volumes elsewhere`
  );

export function inUseCheck(facts: PlanFacts): PlanCheck | undefined {
  const { request, pods, workloads } = facts;
  const { target } = request;
  if (!request.scale) {
    const used = claimInUse(target, pods);
    if (used) return failed('in-use', refusal(used.reason, used.message, used.hint));
    return check('in-use', 'passes', 'no pod uses the claim');
  }
  if ('fails' in workloads) return failed('in-use', workloads.fails);
  if ('later' in workloads) return check('in-use', 'later', workloads.later);
  const blocked = workloads.is.find(isBlocked);
  if (blocked) {
    return failed(
      'in-use',
      refusal(
        'WorkloadNotStoppable',
        `${blocked.kind} ${blocked.name} uses the claim and cannot be stopped: ${blocked.obstacle}`,
        'stop it by hand and start the restore again, or restore into a new claim'
      )
    );
  }
  const stopped = workloads.is.filter(({ action }) => action !== 'none');
  const risky = stopped.find(({ obstacle }) => obstacle !== null);
  const names = stopped.map(({ kind, name }) => `${kind} ${name}`).join(', ');
  if (risky) return check('in-use', 'warns', `${risky.kind} ${risky.name}: ${risky.obstacle}`);
  return check(
    'in-use',
    'passes',
    names ? `${names} will be stopped and started again` : 'no workload uses the claim'
  );
}

export const safetyCheck = ({ safety, claim }: PlanFacts): PlanCheck | undefined =>
  claim && answerCheck('safety-backup', safety, () => 'the claim will be backed up first');

export function emptyCheck({ look, request, claim }: PlanFacts): PlanCheck | undefined {
  const { namespace, name } = request.target;
  if (!claim) return undefined;
  return answerCheck('empty', look, seen => {
    if (!seen) return 'the claim has never been bound, so it is empty';
    if (seen.isEmpty) return 'the claim is empty';
    return failed(
      'empty',
      refusal(
        'ClaimNotEmpty',
        `claim ${namespace}/${name} is not empty`,
        'restore with mode overwrite or mirror, which change files that are there, or into a new claim'
      )
    );
  });
}
