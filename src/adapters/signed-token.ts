import { createHmac, timingSafeEqual } from 'node:crypto'
import { MediaError } from '../domain/failures.ts'

/** What a token is for: signed along with its fields, so that a token of another kind with the same
 * secret is no token here. */
export interface TokenKind {
  readonly purpose: string
  readonly secret: string
}

const TOKEN_PATTERN = /^([\w-]{1,2048})\.([\w-]{43})$/

/**
 * Fields that nobody but the holder of the secret can have written. Not secret in content, only
 * unforgeable.
 *
 * Not a JWT: issuer and reader are the same process with the same secret, so there is nothing to
 * negotiate, and a header that names its own algorithm is one more thing that must be refused.
 *
 * **Shape:** `<base64url of a JSON array>.<base64url HMAC-SHA256>`
 */
export const signToken = (fields: readonly (string | number)[], kind: TokenKind): string => {
  const encoded = Buffer.from(JSON.stringify(fields)).toString('base64url')
  return `${encoded}.${signatureOf(kind, encoded)}`
}

/** The fields of a token that was signed for this purpose with this secret; else throws what `refused`
 * makes of the reason. */
export const readToken = (
  token: string,
  kind: TokenKind,
  refused: (reason: string) => Error,
): readonly unknown[] => {
  const [, encoded, signature] = TOKEN_PATTERN.exec(token) ?? []
  if (encoded === undefined || signature === undefined) throw refused('is malformed')
  // The texts are compared: the last character of 43 has spare bits that decoding would ignore.
  const expected = signatureOf(kind, encoded)
  if (!timingSafeEqual(Buffer.from(signature), Buffer.from(expected))) throw refused('is not ours')
  return JSON.parse(Buffer.from(encoded, 'base64url').toString()) as readonly unknown[]
}

const signatureOf = ({ purpose, secret }: TokenKind, encoded: string): string => {
  if (secret === '') throw new MediaError('INTERNAL', `no secret to sign with for ${purpose}`)
  return createHmac('sha256', secret).update(`${purpose}.${encoded}`).digest('base64url')
}
