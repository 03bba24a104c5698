/** @returns a hint of the API as it stands for itself on a page: with a capital letter, unless it begins with a name. */
export const sentence = (text: string): string =>
  /^([a-z0-9-]+[/:]|nkvm-|[a-z0-9-]+\.[a-z0-9])/.test(text)
    ? text
    : text.charAt(0).toUpperCase() + text.slice(1);
