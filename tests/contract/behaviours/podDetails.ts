import { expect } from 'vitest';
import type { Area } from '../cluster.ts';
import { main } from './podViews.ts';

export const podDetails: Area = {
  title: 'Logs, Events, environment and files of pods',
  behaviours: [
    {
      says: 'gives the log of a container: all, the last lines, with times, followed to its end',
      async holds(world) {
        const command = ['sh', '-c', 'echo error >&2; sleep 0.2; echo one; echo two'];
        const { metadata } = await world.pod({ command });
        await world.podIn(metadata.name, 'Succeeded');
        const log = (query: string) =>
          world.client.get(`${world.here}/pods/${metadata.name}/log?${query}`);
        const all = await log('container=main');
        expect(all.text.split('\n').sort()).toEqual(['', 'error', 'one', 'two']);
        expect(all.headers['content-type']).toContain('text/plain');
        expect((await log('tailLines=2')).text).toBe('one\ntwo\n');
        expect((await log('tailLines=1&timestamps=true')).text).toMatch(
          /^\d{4}-\d\d-\d\dT\S+Z two\n$/
        );
        expect((await log('follow=true')).text).toBe(all.text);
      },
    },
    {
      says: 'refuses a log that is not there: 404 without a pod, 400 without such a container, before its start, or of an earlier instance',
      async holds(world) {
        const log = async (pod: string, query = '') => {
          const { status, json } = await world.client.get(`${world.here}/pods/${pod}/log?${query}`);
          return [status, json.message];
        };
        const pod = await world.shell();
        expect(await log('none')).toEqual([404, 'pods "none" not found']);
        expect(await log(pod, 'container=none')).toEqual([
          400,
          `container none is not valid for pod ${pod}`,
        ]);
        expect(await log(pod, 'previous=true')).toEqual([
          400,
          `previous terminated container "main" in pod "${pod}" not found`,
        ]);
        const { metadata } = await world.pod({ image: world.cluster.missingImage });
        await world.podWhere('waits', metadata.name, each =>
          main(each).state?.waiting?.reason?.endsWith('ImagePull')
        );
        const [status, message] = await log(metadata.name);
        expect(status).toBe(400);
        expect(message).toMatch(/^container "main" in pod ".*" is waiting to start: /);
      },
    },
    {
      says: 'tells the steps of a pod as Events',
      async holds(world) {
        const pod = await world.pod({ command: ['true'] });
        const { spec } = await world.podIn(pod.metadata.name, 'Succeeded');
        expect(await world.event(pod, 'Scheduled')).toBe(
          `Successfully assigned ${world.namespace}/${pod.metadata.name} to ${spec.nodeName}`
        );
        expect(await world.event(pod, 'Pulled')).toContain('already present on machine');
        expect(await world.event(pod, 'Created')).toBe('Container created');
        expect(await world.event(pod, 'Started')).toBe('Container started');
      },
    },
    {
      says: 'tells containers their environment: values, references between them, and fields of the pod',
      async holds(world) {
        const env = [
          { name: 'ONE', value: '1' },
          { name: 'TWO', value: '$(ONE)2' },
          { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
        ];
        const { metadata } = await world.pod({
          command: ['sh', '-c', 'echo $TWO $(NODE) $NODE'],
          env,
        });
        const { spec } = await world.podIn(metadata.name, 'Succeeded');
        const { text } = await world.client.get(`${world.here}/pods/${metadata.name}/log`);
        expect(text).toBe(`12 ${spec.nodeName} ${spec.nodeName}\n`);
      },
    },
    {
      says: 'gives files of ConfigMaps and Secrets to containers',
      async holds(world) {
        const map = await world.configMap({ data: { greeting: 'hello' } });
        const secret = await world.create('secrets', {
          metadata: { name: world.name('secret') },
          stringData: { word: 'xyzzy' },
        });
        const { metadata } = await world.pod(
          {
            command: ['sh', '-c', 'cat /map/greeting /secret/word'],
            volumeMounts: [
              { name: 'map', mountPath: '/map' },
              { name: 'secret', mountPath: '/secret' },
            ],
          },
          {
            volumes: [
              { name: 'map', configMap: { name: map.metadata.name } },
              { name: 'secret', secret: { secretName: secret.metadata.name } },
            ],
          }
        );
        await world.podIn(metadata.name, 'Succeeded');
        const { text } = await world.client.get(`${world.here}/pods/${metadata.name}/log`);
        expect(text).toBe('helloxyzzy');
      },
    },
  ],
};
