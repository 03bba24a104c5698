/** An entry of a tar that no tar would write. Text is bytes (`latin1`). */
export interface HandmadeEntry {
  name: string;
  /** Type flag; default: a file. */
  flag?: string;
  target?: string;
  body?: string | Buffer;
  /** Default: that of the body. */
  size?: number;
  mode?: number;
  /** Records of a pax header before it. */
  pax?: [string, string][];
  /** GNU's long name (`L`) before it. */
  longName?: string;
  /** Changes the block before its checksum is made. */
  change?: (block: Buffer) => void;
}

/** @returns the entries as a tar, without its end. */
export const tarEntries = (...entries: HandmadeEntry[]): Buffer =>
  Buffer.concat(entries.flatMap(blocksOf));

/** The end of a tar. */
export const TAR_END = Buffer.alloc(1024);

export const tarOf = (...entries: HandmadeEntry[]): Buffer =>
  Buffer.concat([tarEntries(...entries), TAR_END]);

function blocksOf({ pax, longName, ...entry }: HandmadeEntry): Buffer[] {
  const records = pax?.map(([keyword, value]) => record(keyword, value)).join('');
  return [
    ...(records === undefined ? [] : blocksOf({ name: 'pax', flag: 'x', body: records })),
    ...(longName === undefined
      ? []
      : blocksOf({ name: '././@LongLink', flag: 'L', body: `${longName}\0` })),
    ...plain(entry),
  ];
}

function plain({
  name,
  flag = '0',
  target = '',
  body = '',
  size,
  mode = 0o644,
  change,
}: HandmadeEntry): Buffer[] {
  const data = typeof body === 'string' ? Buffer.from(body, 'latin1') : body;
  const block = Buffer.alloc(512);
  block.write(name.slice(0, 100), 0, 'latin1');
  block.write(mode.toString(8).padStart(7, '0'), 100);
  block.write('0000000', 108);
  block.write('0000000', 116);
  block.write((size ?? data.length).toString(8).padStart(11, '0'), 124);
  block.write('07346545000', 136);
  block.write(flag, 156, 'latin1');
  block.write(target.slice(0, 100), 157, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  change?.(block);
  block.fill(' ', 148, 156);
  const sum = block.reduce((all, byte) => all + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return [block, data, Buffer.alloc(-data.length & 511)];
}

function record(keyword: string, value: string): string {
  const rest = ` ${keyword}=${value}\n`;
  const length = [1, 2, 3, 4, 5].find(digits => `${rest.length + digits}`.length === digits) ?? 0;
  return `${rest.length + length}${rest}`;
}
