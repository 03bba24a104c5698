/** `npm run image`: builds the image. With `-- --import` it is put on the nodes of the test cluster, too. */
import { parseArgs } from 'node:util';
import { importImage } from '../../tests/cluster/machine/images.ts';
import { say, textOf } from '../../tests/cluster/machine/run.ts';
import { buildImage } from './image.ts';

try {
  const { values } = parseArgs({ options: { import: { type: 'boolean', default: false } } });
  const image = await buildImage();
  say(`${image.name} ${image.digest}`);
  console.log(image.file);
  if (values.import) await importImage(image);
} catch (error) {
  say(textOf(error));
  process.exitCode = 1;
}
