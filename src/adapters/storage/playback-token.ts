import { MediaError } from '../../domain/failures.ts'
import { readToken, signToken } from '../signed-token.ts'

const PURPOSE = 'spool/playback-token/1'

/**
 * A token that opens every file of one folder until it expires. It stands in the path of the URL, so
 * that a player which follows the relative names of a manifest carries it along; a signature of each
 * file could not be written into manifests that lie in storage. It has some 170 characters.
 */
export const createPlaybackToken = (grant: {
  readonly folderKey: string
  readonly expiresAtMs: number
  readonly secret: string
}): string => {
  const { folderKey, expiresAtMs, secret } = grant
  return signToken([folderKey, expiresAtMs], { purpose: PURPOSE, secret })
}

/** The folder that a token opens at `nowMs`. *Errors:* FORBIDDEN, whatever is wrong with it. */
export const readPlaybackToken = (reading: {
  readonly token: string
  readonly secret: string
  readonly nowMs: number
}): { readonly folderKey: string } => {
  const { token, secret, nowMs } = reading
  const fields = readToken(token, { purpose: PURPOSE, secret }, refused)
  const [folderKey, expiresAtMs] = fields as [string, number]
  // Written so that a NaN clock refuses too.
  if (!(nowMs < expiresAtMs)) throw refused('has expired')
  return { folderKey }
}

const refused = (reason: string): MediaError =>
  new MediaError('FORBIDDEN', `the playback token ${reason}`)
