/** The connection ended before all of an answer had come. What was asked for may have been done. */
export class CutOff extends Error {
  /** As for every other answer that did not come. */
  readonly status = 502;

  constructor(options?: ErrorOptions) {
    super('the answer was cut off', options);
    this.name = 'CutOff';
  }
}

/** @returns `response`, whose `json` throws CutOff where the answer is not whole. */
export const whole = (response: Response): Response =>
  Object.assign(response, { json: async () => parsed(await readWhole(() => response.text())) });

/** @returns what `read` reads of an answer. @throws CutOff where the connection ends before it. */
export async function readWhole<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    // Of all errors, this is the one that Fetch has for the network.
    throw error instanceof TypeError ? new CutOff({ cause: error }) : error;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // All answers are objects.
    if (text === '' || text.startsWith('{')) throw new CutOff({ cause: error });
    throw Object.assign(
      new Error(
        'the answer is not JSON: something else answered in place of NKVM, or a proxy on the way changed it'
      ),
      { status: 500 }
    );
  }
}
