const BEGINNING = 'nkvm-upload__';
const ENDING = '.upload';

/** @returns what the keys of all uploads of an installation begin with. */
export const uploadPrefix = (installation: string): string => `${BEGINNING}${installation}__`;

/** @returns the key of an upload at the destination: it is not named like an archive, so that nobody takes it for a backup. */
export const uploadKey = (installation: string, id: string): string =>
  uploadPrefix(installation) + id + ENDING;

/** @returns whether a key is that of an upload. */
export const isUploadKey = (key: string): boolean => key.endsWith(ENDING);

const IN_TEXT = new RegExp(
  `(?:\\b(?:the chosen )?archive )?(?:[^\\s"'“”]*[/:])?${BEGINNING}[^\\s"'“”/]+?\\${ENDING}(?:\\.json|\\.index\\.gz)?`,
  'g'
);

/** @returns a text for people, who know an upload as the file that they have sent, and not by its key. */
export const withoutUploadKeys = (text: string): string =>
  text.replace(IN_TEXT, 'the uploaded file');

/** @returns whether a text may have a key of an upload in it. */
export const namesUpload = (text: string): boolean => text.includes(BEGINNING);
