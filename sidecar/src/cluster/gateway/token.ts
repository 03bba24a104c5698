/** The claims of a token about itself. They are not proven: they only tell whether asking the API server makes sense. */
export interface TokenClaims {
  /** Empty: it names none. */
  audiences: string[];
  /** In milliseconds since 1970; undefined: it does not say. */
  expiresAt: number | undefined;
}

/** @returns what a JSON Web Token says; undefined for any other token, which only the API server can judge. */
export function tokenClaims(token: string): TokenClaims | undefined {
  const [, payload, signature, ...more] = token.split('.');
  if (!payload || !signature || more.length > 0) return undefined;
  let claims: unknown;
  try {
    claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
  if (typeof claims !== 'object' || claims === null) return undefined;
  const { aud, exp } = claims as { aud?: unknown; exp?: unknown };
  return {
    audiences: [aud].flat().filter(each => typeof each === 'string'),
    expiresAt: typeof exp === 'number' ? exp * 1000 : undefined,
  };
}
