import { versitygwMissing } from '../servers/versitygw.ts';

/** How archives leave the helpers of a world; `direct` needs a real S3 server. */
export type Transport = 'exec' | 'push' | 'direct';

const TRANSPORTS: Transport[] = ['exec', 'push', 'direct', 'exec'];
const asked = TRANSPORTS.find(name => name === process.env.NKVM_TEST_TRANSPORT);

/** The transports of worlds side by side: `NKVM_TEST_TRANSPORT` makes them all the same. */
export const LANES: readonly Transport[] = TRANSPORTS.map(name => {
  const lane = asked ?? name;
  return lane === 'direct' && versitygwMissing ? 'push' : lane;
});
