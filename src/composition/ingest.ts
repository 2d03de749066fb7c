import { openWorkspace } from '../adapters/workspace.ts'
import type { GuardedFetcher } from '../adapters/fetcher/guarded-fetch.ts'
import { createMediaIngest } from '../adapters/ingest/ingest-media.ts'
import type { Config } from '../config.ts'
import type { MediaIngest } from '../contracts/ports.ts'
import type { Storage } from './storage.ts'

/** Takes uploads and imports in, through the fetcher for strangers' addresses. */
export const createIngest = (parts: {
  readonly config: Config
  readonly storage: Storage
  readonly fetcher: GuardedFetcher
}): MediaIngest => {
  const { config, storage, fetcher } = parts
  return createMediaIngest({
    store: storage.store,
    downloadSource: fetcher.download,
    openFolder: () => openWorkspace(config.workDir, 'incoming'),
    ffmpegPath: config.settings.SPOOL_FFMPEG_PATH,
    ffprobePath: config.settings.SPOOL_FFPROBE_PATH,
  })
}
