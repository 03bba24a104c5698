import type { PlanCheck } from '../../../api/index.ts';
import { limitsBroken } from '../../cluster/limits/quotas.ts';
import type { StorageClassFact } from '../../cluster/watch/facts.ts';
import { writerPlacementOf } from '../../helper/wait/placement.ts';
import { claimExists } from '../claim/claimRefusal.ts';
import { answerCheck, check, failed, refusal } from './checks.ts';
import type { PlanFacts } from './planFacts.ts';

export function claimCheck({ request, claim, namespace, wish }: PlanFacts): PlanCheck | undefined {
  const { target } = request;
  const name = `claim ${target.namespace}/${target.name}`;
  if (!namespace) return undefined;
  if (target.mode === 'new') {
    if (claim?.terminating) {
      return failed(
        'claim',
        refusal(
          'ClaimTerminating',
          `${name} exists and is being deleted`,
          'wait until it is deleted; Kubernetes keeps it while a pod uses it'
        )
      );
    }
    if (claim) return failed('claim', claimExists(target.namespace, target.name));
    if (wish.size === null) {
      return failed(
        'claim',
        refusal(
          'SizeUnknown',
          `the size of ${name} is not known: the archive has no manifest`,
          'set the size of the new claim'
        )
      );
    }
    return check('claim', 'passes', `${name} does not exist yet and will be created`);
  }
  if (!claim) {
    return failed(
      'claim',
      refusal(
        'ClaimNotFound',
        `namespace ${target.namespace} has no PersistentVolumeClaim ${target.name}`,
        'restore with mode new, which creates it'
      )
    );
  }
  const placement = writerPlacementOf(claim, []);
  if ('refuse' in placement) {
    const { reason, message, hint } = placement.refuse;
    return failed('claim', refusal(reason, message, hint));
  }
  return check('claim', 'passes', `${name} exists`);
}

export const defaultClassOf = (classes: readonly StorageClassFact[]): string | undefined =>
  classes.find(({ isDefault }) => isDefault)?.name;

export function classCheck({ wish, classes, claim }: PlanFacts): PlanCheck | undefined {
  if (claim) return undefined;
  const names = classes.map(({ name }) => name);
  const others = names.length ? `choose one of: ${names.join(', ')}` : 'the cluster has none';
  if (wish.storageClass === undefined) {
    const usual = defaultClassOf(classes);
    if (usual) return check('class', 'passes', `the claim gets the default class ${usual}`);
    return check('class', 'warns', 'the cluster has no default StorageClass', others);
  }
  if (wish.storageClass === '') {
    return check(
      'class',
      'warns',
      'the claim has no StorageClass: it is bound only if a volume for it exists',
      others
    );
  }
  if (names.includes(wish.storageClass))
    return check('class', 'passes', `StorageClass ${wish.storageClass} exists`);
  return failed(
    'class',
    refusal('StorageClassNotFound', `there is no StorageClass ${wish.storageClass}`, others)
  );
}

export function quotaCheck({ creation, limits, wish, classes, request }: PlanFacts): PlanCheck {
  if ('fails' in creation) return failed('quota', creation.fails);
  const storageClass = wish.storageClass ?? defaultClassOf(classes) ?? null;
  const broken = limits ? limitsBroken(limits, { size: wish.size ?? '0', storageClass }) : [];
  if (broken.length > 0) {
    return failed(
      'quota',
      refusal(
        'QuotaExceeded',
        `claim ${request.target.namespace}/${request.target.name} does not fit: ${broken.join(
          '; '
        )}`,
        'choose a smaller size or another class, raise the quota, or delete claims that are not needed'
      )
    );
  }
  return answerCheck('quota', creation, () => 'the API server would create the claim');
}
