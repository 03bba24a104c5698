/** @returns a hint of the API as it stands for itself on a page: with a capital letter. */
export const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
