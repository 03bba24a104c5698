/**
 * To be loaded before the sidecar (`--import`): its clock is wrong by the first of the comma-separated times in
 * `CLOCK_SHIFTS`, in milliseconds, and by the next of them after each SIGUSR2. With `@` in front, a time is what the clock shows
 * from that moment on, in milliseconds since 1970.
 */
const RealDate = Date;
const shifts = (process.env.CLOCK_SHIFTS ?? '0').split(',');
const next = (before: number): number => {
  const text = shifts.shift();
  if (text === undefined) return before;
  return text.startsWith('@') ? Number(text.slice(1)) - RealDate.now() : Number(text);
};
let shiftMs = next(0);
process.on('SIGUSR2', () => (shiftMs = next(shiftMs)));

globalThis.Date = new Proxy(RealDate, {
  construct: (target, words, newTarget) =>
    Reflect.construct(target, words.length > 0 ? words : [target.now() + shiftMs], newTarget),
  get: (target, name, receiver) =>
    name === 'now' ? () => target.now() + shiftMs : Reflect.get(target, name, receiver),
});
