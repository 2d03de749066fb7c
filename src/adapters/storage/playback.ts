import type { Playback } from '../../contracts/ports.ts'
import { splitFolderKey } from '../../domain/storage-keys.ts'
import { createPlaybackToken, readPlaybackToken } from './playback-token.ts'

/** URLs of one folder stay the same for so long, so that caches of players and proxies are of use. */
const STEADY_MS = 3_600_000

/** Signs and reads the URLs of streams. They live for `lifeSeconds`, or up to an hour longer. */
export const createPlayback = (options: {
  /** Without a slash at the end. */
  readonly publicUrl: string
  readonly secret: string
  readonly lifeSeconds: number
}): Playback => {
  const { publicUrl, secret, lifeSeconds } = options
  return {
    urlOf: (key) => {
      const parts = splitFolderKey(key)
      if (parts === null) return null
      const { folderKey, name } = parts
      const expiresAtMs = Math.ceil((Date.now() + lifeSeconds * 1000) / STEADY_MS) * STEADY_MS
      return `${publicUrl}/play/${createPlaybackToken({ folderKey, expiresAtMs, secret })}/${name}`
    },
    read: (token) => readPlaybackToken({ token, secret, nowMs: Date.now() }),
  }
}
