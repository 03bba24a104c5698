import type { RestorePlan } from '../../../api/index.ts';
import { answerCheck } from './checks.ts';
import {
  archiveCheck,
  digestCheck,
  emptyCheck,
  inUseCheck,
  namespaceCheck,
  pathsCheck,
  safetyCheck,
} from './planChecks.ts';
import { claimCheck, classCheck, defaultClassOf, quotaCheck } from './planClaim.ts';
import type { PlanFacts } from './planFacts.ts';
import { spaceCheck, spaceOf } from './planSpace.ts';

/**
 * Decides what a restore would do, and whether it may start. Nothing is asked here.
 *
 * | check | fails with |
 * | --- | --- |
 * | `archive` | what `findSource` says; `ArchiveLocked`, `NoMatchingKey` where no copy can be decrypted |
 * | `digest` | `ArchiveDiffers`, `ArchiveBroken` |
 * | `paths` | `PathNotInArchive`, `HardLinkBroken` |
 * | `namespace` | `NamespaceNotFound`, `NamespaceTerminating`, `PodSecurity` |
 * | `rights` | `RestoresNotAllowed`, `NamespaceNotSelected` |
 * | `claim` | new: `ClaimExists`, `SizeUnknown`; else `ClaimNotFound`, `ClaimTerminating`, `ClaimLost`, `BlockVolume` |
 * | `class` | `StorageClassNotFound` |
 * | `quota` | `QuotaExceeded`, `ClaimDenied`, … : what `claimRefusal` says |
 * | `in-use` | `ClaimInUse`, `WorkloadNotStoppable` |
 * | `safety-backup` | why the claim cannot be backed up |
 * | `empty` | `ClaimNotEmpty` |
 * | `space` | `TargetTooSmall` |
 */
export function planOf(facts: PlanFacts): RestorePlan {
  const { request, source, claim, wish, look } = facts;
  const { target } = request;
  const isNew = target.mode === 'new';
  const space = spaceOf(facts);
  const checks = [
    archiveCheck(facts),
    digestCheck(facts),
    ...(request.paths ? [pathsCheck(facts)] : []),
    namespaceCheck(facts),
    answerCheck('rights', facts.rights, () => 'NKVM may do what the restore needs there'),
    claimCheck(facts),
    ...(isNew ? [classCheck(facts), quotaCheck(facts)] : []),
    inUseCheck(facts),
    ...(isNew || !request.safetyBackup ? [] : [safetyCheck(facts)]),
    ...(target.mode === 'empty' ? [emptyCheck(facts)] : []),
    spaceCheck(facts, space),
  ].filter(check => check !== undefined);
  return {
    canStart: checks.every(({ state }) => state !== 'fails'),
    checks,
    source: source.shown,
    claim: {
      action: isNew ? 'create' : 'change',
      namespace: target.namespace,
      name: target.name,
      ...(isNew
        ? {
            size: wish.size,
            storageClass: wish.storageClass ?? defaultClassOf(facts.classes) ?? null,
            accessModes: wish.accessModes,
            labels: wish.labels,
          }
        : {
            size: typeof claim?.capacityBytes === 'number' ? `${claim.capacityBytes}` : null,
            storageClass: claim?.storageClass ?? null,
            accessModes: claim?.accessModes ?? [],
            labels: claim?.labels ?? {},
          }),
    },
    neededBytes: space.needed,
    availableBytes: space.available,
    workloads: 'is' in facts.workloads ? [...facts.workloads.is] : [],
    files: 'is' in look ? look.is?.files ?? null : null,
    selected: 'is' in facts.selected ? facts.selected.is : null,
  };
}
