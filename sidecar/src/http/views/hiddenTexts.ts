import type { FastifyReply, FastifyRequest } from 'fastify';
import { namesUpload, withoutUploadKeys } from '../../archive/uploadName.ts';
import type { Action } from '../../cluster/gateway/access.ts';
import type { Places } from '../../destinations/places.ts';
import type { HidePlaces } from '../../destinations/places/hiddenPlaces.ts';
import { hidePlaces } from '../../destinations/places/hiddenPlaces.ts';
import type { HeldRights } from '../rights/heldRights.ts';
import { heldRights } from '../rights/heldRights.ts';
import type { Rights } from '../rights/rights.ts';

/** Fields with sentences for people. All others are names, and stay what they are. */
const SENTENCES = new Set(['message', 'hint', 'detail', 'warnings', 'transportReason']);

export interface HiddenTextsWorld {
  places: Pick<Places, 'all'>;
  rights: Pick<Rights, 'has'>;
  installation: { namespace: string };
}

/** Leaves out of answers where destinations are, for callers who may not know it, and the keys of uploads for all. */
export interface HiddenTexts {
  /**
   * @param held the rights of the caller: one that ends, ends a stream
   * @returns what makes an answer fit for the caller. Without an answer of the API server it hides them.
   */
  from(held: Pick<HeldRights, 'has'>): Promise<<T>(body: T) => T>;
  /** Does it with every answer in JSON that is not a stream. */
  hook(request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<unknown>;
}

export function hiddenTexts({ places, rights, installation }: HiddenTextsWorld): HiddenTexts {
  const toKnow: Action = {
    verb: 'get',
    group: 'nkvm.io',
    resource: 'destinations',
    namespace: installation.namespace,
  };
  const from: HiddenTexts['from'] = async held => {
    const mayKnow = await held.has(toKnow).catch(() => false);
    const hide: HidePlaces = mayKnow ? text => text : hidePlaces(places.all());
    return body => withSentences(body, text => withoutUploadKeys(hide(text)));
  };
  return {
    from,
    async hook({ caller }, _reply, payload) {
      // Most answers have neither in any text, and cost nothing more.
      if (typeof payload !== 'string') return payload;
      if (!namesUpload(payload) && hidePlaces(places.all())(payload) === payload) return payload;
      // A caller whose token was refused has no rights.
      const hide = await from(caller ? heldRights(caller, rights) : { has: async () => false });
      return JSON.stringify(hide(JSON.parse(payload)));
    },
  };
}

/** @returns a copy in which sentences have been through `hide` */
const withSentences = <T>(body: T, hide: HidePlaces): T => within(body, hide, false) as T;

function within(value: unknown, hide: HidePlaces, isSentence: boolean): unknown {
  if (typeof value === 'string') return isSentence ? hide(value) : value;
  if (Array.isArray(value)) return value.map(each => within(each, hide, isSentence));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, within(each, hide, SENTENCES.has(key))])
  );
}
