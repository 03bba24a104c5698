import type { Objects } from '../objects/objects.ts';
import { kindNamed } from '../store/kinds.ts';
import type { Job } from '../store/object.ts';
import { isLive, isReady } from '../store/pods.ts';
import { seconds } from '../store/time.ts';
import { each, type Reconcile } from './loop.ts';
import { controllerRef, podFrom, podsOf } from './owned.ts';

const JOBS = kindNamed('jobs.batch');
const PODS = kindNamed('pods');

export const JOB_WATCHES = ['jobs.batch', 'pods'];

/** Runs the pods of Jobs until enough have succeeded, or too many failed. Nothing starts the Jobs of a CronJob. */
export const jobs =
  (objects: Objects, now: () => Date): Reconcile =>
  () =>
    each(objects.store.list<Job>(JOBS), job => {
      const { namespace = '', name, deletionTimestamp } = job.metadata;
      const isOver = job.status.conditions?.some(
        ({ type, status }) => /^(Complete|Failed)$/.test(type) && status === 'True'
      );
      if (deletionTimestamp || isOver) return;
      const { completions = 1, parallelism = 1, backoffLimit = 6, suspend, template } = job.spec;
      const pods = podsOf(objects.store, job);
      const succeeded = pods.filter(({ status }) => status.phase === 'Succeeded').length;
      const failed = pods.filter(({ status }) => status.phase === 'Failed').length;
      const active = pods.filter(isLive);
      const end =
        succeeded >= completions ? 'Complete' : failed > backoffLimit ? 'Failed' : undefined;

      if (end === 'Failed')
        active.forEach(pod => objects.remove(PODS, namespace, pod.metadata.name));
      const missing = Math.min(parallelism, completions - succeeded) - active.length;
      for (let i = 0; i < missing && !end && !suspend; i += 1) {
        objects.create(PODS, namespace, podFrom(template, controllerRef(JOBS, job), `${name}-`));
      }

      const at = seconds(now());
      const condition = (type: string, reason: string, message: string) => ({
        type,
        status: 'True',
        lastProbeTime: at,
        lastTransitionTime: at,
        reason,
        message,
      });
      const reached = 'Reached expected number of succeeded pods';
      const count = Math.max(
        active.length,
        missing > 0 && !end && !suspend ? active.length + missing : 0
      );
      objects.change(JOBS, job, 'status', next => {
        next.status = {
          startTime: next.status.startTime ?? at,
          ...(count && !end && { active: count }),
          ...(succeeded && { succeeded }),
          ...(failed && { failed }),
          ready: active.filter(isReady).length,
          terminating: 0,
          uncountedTerminatedPods: {},
          ...(end === 'Complete' && {
            completionTime: at,
            conditions: [
              condition('SuccessCriteriaMet', 'CompletionsReached', reached),
              condition('Complete', 'CompletionsReached', reached),
            ],
          }),
          ...(end === 'Failed' && {
            conditions: [
              condition(
                'Failed',
                'BackoffLimitExceeded',
                'Job has reached the specified backoff limit'
              ),
            ],
          }),
        };
      });
    });
