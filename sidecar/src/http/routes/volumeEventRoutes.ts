import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { VolumeQuery } from '../../../api/index.ts';
import { notReady } from '../../backup/request/admission.ts';
import type { OpenNamespaces } from '../../backup/request/openNamespaces.ts';
import type { Inventory } from '../../cluster/inventory/inventory.ts';
import type { History } from '../../history/history.ts';
import type { Log } from '../../log.ts';
import { inNamespace, SHOWS_OF_VOLUMES } from '../rights/declared.ts';
import { heldRights } from '../rights/heldRights.ts';
import type { Rights } from '../rights/rights.ts';
import { readableScope } from '../rights/scope.ts';
import type { EventStream, EventStreams } from '../streams/eventStreams.ts';
import { volumeChanges } from '../streams/volumeChanges.ts';
import { volumeEvents } from '../streams/volumeEvents.ts';
import type { HiddenTexts } from '../views/hiddenTexts.ts';
import type { VolumeViewWorld } from '../views/volumeView.ts';
import { volumeOf } from '../views/volumeView.ts';

export interface VolumeEventRoutes extends Pick<VolumeViewWorld, 'readsAs'> {
  inventory: Inventory;
  history: History;
  open: Pick<OpenNamespaces, 'known' | 'ask'>;
  rights: Rights;
  maxNamespaceScan: number;
  streams: EventStreams;
  texts: Pick<HiddenTexts, 'from'>;
  log: Pick<Log, 'error'>;
  /** Between two events of a stream. */
  changesEveryMs?: number;
}

/** The changes of volumes, so that nobody needs to read the list again and again. */
export const volumeEventRoutes =
  (world: VolumeEventRoutes): FastifyPluginAsyncZod =>
  async app => {
    const { inventory, rights, streams, texts, changesEveryMs } = world;
    const changes = volumeChanges({
      ...world,
      ...(changesEveryMs !== undefined && { everyMs: changesEveryMs }),
    });

    app.get(
      '/volumes/events',
      {
        config: { rights: { needs: [inNamespace('list')], shows: SHOWS_OF_VOLUMES } },
        schema: {
          summary: 'Follow volumes',
          description:
            'Server-sent events: `ready` (VolumesReady) when changes are followed, then `change` (VolumesChange), at last `end` (StreamEnd). Open it first, then read the list.',
          querystring: VolumeQuery,
          produces: ['text/event-stream'],
        },
      },
      async (request, reply) => {
        if (!inventory.isReady()) throw notReady();
        const { caller, query } = request;
        const mayRead = async () => {
          const filled = [...inventory.versions().keys()];
          const namespaces = { filled, all: inventory.namespaces() };
          await readableScope(caller, rights, undefined, query, namespaces, world.maxNamespaceScan);
        };
        await mayRead();
        let stream: EventStream | undefined;
        const held = heldRights(caller, rights);
        const hide = await texts.from(held);
        const events = volumeEvents(() => stream, {
          rights: held,
          namespace: query.namespace,
          inventory,
          view: async (claim, may) => hide(await volumeOf(claim, may, world)),
        });
        const unfollow = changes.follow(events.changed);
        try {
          stream = streams.open(
            reply,
            { caller, isStillValid: request.isTokenValid, rights: held },
            {
              onClear: events.flush,
              onClose: unfollow,
              mayRead: () =>
                mayRead().then(
                  () => true,
                  error => {
                    if ((error as { status?: number }).status === 403) return false;
                    throw error;
                  }
                ),
            }
          );
        } catch (error) {
          unfollow();
          throw error;
        }
        stream.send('ready', {});
        return reply;
      }
    );
  };
