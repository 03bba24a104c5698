/**
 * Why something is not what age v1 says.
 *
 * - `header`: the file does not begin like one of age, or its header is damaged
 * - `mac`: the header was changed after it was written
 * - `payload`: the encrypted bytes are damaged, cut short, or have something after their end
 * - `no-match`: none of the keys opens the file
 * - `too-costly`: opening it with a passphrase takes more memory than is allowed
 * - `key`: a recipient, an identity or a passphrase is not one
 */
export type AgeFault = 'header' | 'mac' | 'payload' | 'no-match' | 'too-costly' | 'key';

/** Its message never has a key in it. */
export class AgeError extends Error {
  readonly fault: AgeFault;

  constructor(fault: AgeFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'AgeError';
    this.fault = fault;
  }
}

export const badHeader = (message: string, options?: ErrorOptions): AgeError =>
  new AgeError('header', message, options);
