/** What Headlamp's ApiProxy leaves of an answer that is not 2xx: its status and one sentence. */
export interface Failure {
  status: number;
  message: string;
}

/** ApiProxy gives this status where no answer came at all. */
const UNREACHABLE = 502;

/**
 * Reads whatever a request threw. ApiProxy throws `Error{message: "<status text> - <message of the body>", status}`,
 * where the status text is empty over HTTP/2 and the message is `undefined` where the body has none.
 */
export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return { status: UNREACHABLE, message: String(error) };
  const status = 'status' in error ? Number(error.status) : UNREACHABLE;
  const [statusText = '', ...rest] = error.message.split(' - ');
  const ofBody = rest.join(' - ').trim();
  const hasBody = ofBody !== '' && ofBody !== 'undefined';
  const said = isPageText(ofBody) ? titleOf(ofBody) : hasBody && ofBody;
  return { status, message: said || statusText || `HTTP ${status}` };
}

/** Whether a text is a page, and not a message: these contain names that somebody else has chosen, with `<` as well. */
export const isPageText = (text: string): boolean => /^\s*<(!doctype\s+html|html)\b/i.test(text);

/** @returns the title of a page: a proxy in front of Headlamp answers with one where it reaches no Headlamp. */
const titleOf = (page: string): string | undefined =>
  /<title>\s*([^<]*?)\s*<\/title>/i.exec(page)?.[1];
