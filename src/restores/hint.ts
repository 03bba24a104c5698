/** A hint of the API, and the command in it that a person copies. */
export interface Hint {
  text: string;
  command?: string;
}

/** @returns a hint without the command that ends it, and that command. */
export function hintOf(hint: string): Hint {
  const found = /^([^]*?)[:\s]*`?\b(kubectl [^`]+)`?$/.exec(hint.trim());
  if (!found) return { text: hint };
  const [, text = '', command = ''] = found;
  return { text: text.trim(), command: command.trim().replace(/\.$/, '') };
}
