/**
 * A request's body that holds credentials. Headlamp's ApiProxy writes requests that fail in an unusual way to the
 * browser's console, with their body: of a Blob, only its size is seen there.
 */
export const confidential = (body: object): Blob =>
  new Blob([JSON.stringify(body)], { type: 'application/json' });
