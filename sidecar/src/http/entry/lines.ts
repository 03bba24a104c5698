/** How much one caller may have under way, and how much more may wait. */
export interface Share {
  atOnce: number;
  waiting: number;
}

interface Line {
  open: number;
  /** Each begins what waits. */
  waiting: (() => void)[];
}

/**
 * Lets each key have a few things under way; the rest waits in order, so that one caller does not make others wait.
 * @param refuse makes what is thrown when too much waits
 * @returns what takes a place; it resolves to what gives the place back, which may be called more than once
 */
export function lines(share: Share, refuse: () => Error): (key: string) => Promise<() => void> {
  const all = new Map<string, Line>();

  const leave = (key: string, line: Line): void => {
    const next = line.waiting.shift();
    if (next) return next(); // the place is handed over
    line.open -= 1;
    if (line.open === 0) all.delete(key);
  };

  return async key => {
    const line = all.get(key) ?? { open: 0, waiting: [] };
    all.set(key, line);
    if (line.open < share.atOnce) line.open += 1;
    else if (line.waiting.length >= share.waiting) throw refuse();
    else await new Promise<void>(resolve => line.waiting.push(resolve));
    let isHeld = true;
    return () => {
      if (isHeld) leave(key, line);
      isHeld = false;
    };
  };
}
