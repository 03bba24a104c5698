/**
 * To be loaded before the sidecar (`--import`): its clock is wrong by the first of the comma-separated times in
 * `CLOCK_SHIFTS`, in milliseconds, and by the next of them after each SIGUSR2.
 */
const shifts = (process.env.CLOCK_SHIFTS ?? '0').split(',').map(Number);
let shiftMs = shifts.shift() ?? 0;
process.on('SIGUSR2', () => (shiftMs = shifts.shift() ?? shiftMs));

const RealDate = Date;
globalThis.Date = new Proxy(RealDate, {
  construct: (target, words, newTarget) =>
    Reflect.construct(target, words.length > 0 ? words : [target.now() + shiftMs], newTarget),
  get: (target, name, receiver) =>
    name === 'now' ? () => target.now() + shiftMs : Reflect.get(target, name, receiver),
});
