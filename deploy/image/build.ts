/**
 * `npm run image`: builds the image and its bill of materials. With `-- --import` it is put on the nodes of the test cluster,
 * too; `-- --twice` builds it twice more and compares the digests.
 */
import { parseArgs } from 'node:util';
import { importImage } from '../../tests/cluster/machine/images.ts';
import { say, textOf } from '../../tests/cluster/machine/run.ts';
import { buildImage, checkReproducible } from './image.ts';

try {
  const { values } = parseArgs({
    options: {
      import: { type: 'boolean', default: false },
      twice: { type: 'boolean', default: false },
    },
  });
  const image = await buildImage();
  say(`${image.name} ${image.digest}`);
  console.log(image.file);
  console.log(image.sbom);
  if (values.twice) say(`built twice: ${await checkReproducible()}`);
  if (values.import) await importImage(image);
} catch (error) {
  say(textOf(error));
  process.exitCode = 1;
}
