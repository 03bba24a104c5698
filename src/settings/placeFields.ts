import { DEFAULT_PLACE, isName, isServiceName, type PlaceChoice } from '../api/session/place';

/** What is typed for a cluster, or for all. */
export type PlaceFields = Readonly<Record<'namespace' | 'service', string>>;

export const fieldsOf = (choice: PlaceChoice | undefined): PlaceFields => ({
  namespace: choice?.namespace ?? '',
  service: choice?.service ?? '',
});

/** Whether something is typed that no namespace, or no Service, can be called. */
export function isWrong(field: keyof PlaceFields, typed: string): boolean {
  const text = typed.trim();
  return text !== '' && !(field === 'namespace' ? isName(text) : isServiceName(text));
}

/** @returns the choice; an empty field beside a filled one means the usual name. Undefined where both are empty. */
export function choiceFrom(fields: PlaceFields): PlaceChoice | undefined {
  const namespace = fields.namespace.trim();
  const service = fields.service.trim();
  if (!namespace && !service) return undefined;
  return {
    namespace: namespace || DEFAULT_PLACE.namespace,
    service: service || DEFAULT_PLACE.service,
  };
}
