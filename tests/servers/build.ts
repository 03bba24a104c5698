/** Builds the servers that the tests of destinations use and no Debian package brings, and schemathesis. */
import { alone } from '../cluster/machine/lock.ts';
import { say, textOf } from '../cluster/machine/run.ts';
import { buildMoto } from './moto.ts';
import { buildRestic } from './restic.ts';
import { buildSchemathesis } from './schemathesis.ts';
import { buildVersitygw } from './versitygw.ts';

await alone('servers', async () => {
  for (const build of [buildVersitygw, buildMoto, buildRestic, buildSchemathesis]) {
    try {
      await build();
    } catch (error) {
      say(textOf(error));
      process.exitCode = 1;
    }
  }
});
