import { createPlayback } from '../adapters/storage/playback.ts'
import type { Config } from '../config.ts'
import type { Playback } from '../contracts/ports.ts'

/** The URLs of streams, signed as those of files are. */
export const openPlayback = ({ settings }: Config): Playback =>
  createPlayback({
    publicUrl: settings.SPOOL_PUBLIC_URL,
    secret: settings.SPOOL_SECRET,
    lifeSeconds: settings.SPOOL_URL_TTL_SECONDS,
  })
