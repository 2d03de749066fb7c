import { createHmac, timingSafeEqual } from 'node:crypto'
import { MediaError } from '../../domain/failures.ts'

/** Signed along with the rest, so that a token of another kind with the same secret is no token here. */
const PURPOSE = 'spool/playback-token/1'

const TOKEN_PATTERN = /^([\w-]{1,1024})\.([\w-]{43})$/

/**
 * A token that opens every file of one folder until it expires. It stands in the path of the URL, so
 * that a player which follows the relative names of a manifest carries it along; a signature of each
 * file could not be written into manifests that lie in storage.
 *
 * **Shape:** `<base64url of a JSON array>.<base64url HMAC-SHA256>`, some 170 characters.
 */
export const createPlaybackToken = (grant: {
  readonly folderKey: string
  readonly expiresAtMs: number
  readonly secret: string
}): string => {
  const fields = JSON.stringify([grant.folderKey, grant.expiresAtMs])
  const encoded = Buffer.from(fields).toString('base64url')
  return `${encoded}.${signatureOf(grant.secret, encoded)}`
}

/** The folder that a token opens at `nowMs`. *Errors:* FORBIDDEN, whatever is wrong with it. */
export const readPlaybackToken = (reading: {
  readonly token: string
  readonly secret: string
  readonly nowMs: number
}): { readonly folderKey: string } => {
  const [, encoded, signature] = TOKEN_PATTERN.exec(reading.token) ?? []
  if (encoded === undefined || signature === undefined) throw refused('is malformed')
  // The texts are compared: the last character of 43 has spare bits that decoding would ignore.
  const expected = signatureOf(reading.secret, encoded)
  if (!timingSafeEqual(Buffer.from(signature), Buffer.from(expected))) throw refused('is not ours')
  const fields = JSON.parse(Buffer.from(encoded, 'base64url').toString()) as [string, number]
  const [folderKey, expiresAtMs] = fields
  // Written so that a NaN clock refuses too.
  if (!(reading.nowMs < expiresAtMs)) throw refused('has expired')
  return { folderKey }
}

const signatureOf = (secret: string, encoded: string): string => {
  if (secret === '') throw new MediaError('INTERNAL', 'no secret to sign playback tokens with')
  return createHmac('sha256', secret).update(`${PURPOSE}.${encoded}`).digest('base64url')
}

const refused = (reason: string): MediaError =>
  new MediaError('FORBIDDEN', `the playback token ${reason}`)
