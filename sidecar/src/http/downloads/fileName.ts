const LONGEST = 200;

/**
 * Makes a name from an archive fit for a file that a browser saves: whoever wrote into the volume chose it.
 * @param fallback for a name of which nothing is left
 */
export function fitFileName(name: string, fallback: string): string {
  const fit = name
    .replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '_') // line breaks, and characters that change the direction of what follows
    .replace(/[/\\:*?"<>|]/g, '_')
    .replace(/^[. ]+|[. ]+$/g, '');
  return [...fit].slice(0, LONGEST).join('') || fallback;
}

/** @returns the header that has a browser save an answer as a file of that name (RFC 6266), see `fitFileName`. */
export function attachment(fileName: string): string {
  const ascii = fileName.replace(/[^\x20-\x7e]/g, '_').replace(/["\\%]/g, '_');
  const encoded = encodeURIComponent(fileName).replace(
    /['()*]/g,
    letter => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`
  );
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}
