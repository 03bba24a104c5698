import type { EntryFields, Scratch } from './entry.ts';
import { BLOCK_DEVICE, CHARACTER, HARDLINK, modeText, SYMLINK } from './entry.ts';

/** @returns one line, with its line break, as `LineReader` reads it: an index made here is like one that tar wrote. */
export function lineOf(entry: EntryFields): string {
  const { block, type, mode, owner, size, seconds, nanos, name, link } = entry;
  const letter = type === HARDLINK ? 'h' : '';
  const text = modeText(type, mode);
  const isDevice = type === CHARACTER || type === BLOCK_DEVICE;
  const sizeText = isDevice ? `${Math.floor(size / 2 ** 32)},${size % 2 ** 32}` : String(size);
  const words = [
    `block ${block}: ${letter ? letter + text.slice(1) : text}`,
    owner,
    sizeText,
    timeText(seconds, nanos),
    quoted(name),
  ];
  const line = words.join(' ');
  if (type === SYMLINK) return `${line} -> ${quoted(link)}\n`;
  if (type === HARDLINK) return `${line} link to ${quoted(link)}\n`;
  return `${line}\n`;
}

/** Before 1970 as tar does it: the next second, and the fraction counted backwards. */
function timeText(seconds: number, nanos: number): string {
  const isBackwards = seconds < 0 && nanos > 0;
  const date = new Date((isBackwards ? seconds + 1 : seconds) * 1000);
  if (Number.isNaN(date.getTime()) || date.getUTCFullYear() < 0) return '-1';
  const text = date.toISOString().replace(/^\+0*/, '').replace('T', ' ').slice(0, -5);
  const fraction = isBackwards ? 1_000_000_000 - nanos : nanos;
  return fraction > 0 ? `${text}.${String(fraction).padStart(9, '0').replace(/0+$/, '')}` : text;
}

function quoted(name: Scratch): string {
  let text = '"';
  for (const byte of name.view()) {
    const letter = String.fromCharCode(byte);
    if (letter === '"' || letter === '\\') text += `\\${letter}`;
    else if (byte >= 0x20 && byte < 0x7f) text += letter;
    else text += `\\${byte.toString(8).padStart(3, '0')}`;
  }
  return `${text}"`;
}
