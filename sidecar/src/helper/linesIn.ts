/** @returns what takes pieces of text, and gives whole lines of it. */
export function linesIn(give: (line: string) => void): (text: string) => void {
  let rest = '';
  return text => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) give(line);
  };
}
