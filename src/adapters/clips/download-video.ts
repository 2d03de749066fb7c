import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { MediaError, type FailureCode } from '../../domain/failures.ts'
import { openGuardedProxy } from '../fetcher/guarded-proxy.ts'
import { assertSucceeded, spawnGuarded } from '../ffmpeg/process.ts'

const SCRIPT = fileURLToPath(new URL('../../../python/download_video.py', import.meta.url))
const CONNECT_TIMEOUT_MS = 10_000
/** The clips are of this height at most; more would be fetched and thrown away. */
const HEIGHT_PX_MAX = 1080

const REFUSALS = {
  unavailable: 'SOURCE_NOT_FOUND',
  live: 'SOURCE_LIVE',
  list: 'SOURCE_IS_LIST',
  noVideo: 'MEDIA_NO_VIDEO',
  tooLong: 'MEDIA_TOO_LARGE',
  tooLarge: 'MEDIA_TOO_LARGE',
  diskFull: 'DISK_FULL',
  failed: 'SOURCE_UNAVAILABLE',
} as const satisfies Record<string, FailureCode>

const result = z.discriminatedUnion('status', [
  z.object({
    status: z.literal('downloaded'),
    path: z.string(),
    title: z.string(),
    durationSeconds: z.number().nullish(),
  }),
  z.object({ status: z.literal('unsupported'), detail: z.string() }),
  z.object({
    status: z.enum(Object.keys(REFUSALS) as [keyof typeof REFUSALS]),
    detail: z.string(),
  }),
])

export interface VideoDownloads {
  /** The Python of the environment that set-up makes. */
  readonly pythonPath: string
  readonly ffmpegPath: string
  /** `host` or `host:port`, compared exactly: these may have private addresses. */
  readonly allowPrivateHosts: readonly string[]
  /** For everything. */
  readonly timeoutMs: number
  /** Extractors of sites that yt-dlp does not know; null: none. */
  readonly pluginFolder: string | null
}

export interface DownloadJob {
  readonly url: string
  /** Private, and empty. */
  readonly folder: string
  readonly workPath: (fileName: string) => string
  readonly durationSecondsMax: number
  readonly sizeBytesMax: number
  readonly signal: AbortSignal
  /** 0 to 1. */
  readonly onProgress?: (ratio: number) => void
}

export interface DownloadedVideo {
  readonly path: string
  readonly title: string
}

/**
 * Fetches the video of a page of one of the sites that yt-dlp knows, behind a proxy that reaches public
 * addresses only. Length and size are judged before anything of it is fetched. *Returns* null when the
 * page is of no such site. *Errors:* SOURCE_FORBIDDEN (it leads to a private address), SOURCE_NOT_FOUND
 * (deleted, private, not in this country), SOURCE_LIVE, SOURCE_IS_LIST, MEDIA_NO_VIDEO, MEDIA_TOO_LARGE
 * (final); SOURCE_UNAVAILABLE (the site fails, or takes too long), DISK_FULL (retried). *Cancellation:*
 * rejects with the signal's reason; the program is gone then.
 */
export const downloadVideo = async (
  downloads: VideoDownloads,
  job: DownloadJob,
): Promise<DownloadedVideo | null> => {
  const { allowPrivateHosts, pythonPath, timeoutMs } = downloads
  const proxy = await openGuardedProxy({ allowPrivateHosts, connectTimeoutMs: CONNECT_TIMEOUT_MS })
  const orderPath = job.workPath('download.json')
  const resultPath = job.workPath('downloaded.json')
  try {
    await writeFile(orderPath, JSON.stringify(orderOf(downloads, job, proxy.url)), { mode: 0o600 })
    const { ended } = spawnGuarded({
      file: pythonPath,
      args: ['-I', '-B', SCRIPT, orderPath, resultPath],
      cwd: job.folder,
      timeoutMs,
      signal: job.signal,
      onProgress: (thousandths) => job.onProgress?.(Math.min(1, thousandths / 1000)),
    })
    assertSucceeded('yt-dlp', await ended.catch(asSourceFailure))
    const found = await readResult(resultPath)
    if (found.status === 'downloaded') return { path: found.path, title: found.title }
    if (proxy.refused.length > 0) {
      throw new MediaError('SOURCE_FORBIDDEN', `it leads to ${proxy.refused.join(', ')}`)
    }
    if (found.status === 'unsupported') return null
    throw new MediaError(REFUSALS[found.status], found.detail)
  } finally {
    await proxy.close()
  }
}

/** Whoever waits too long waits for the site. */
const asSourceFailure = (error: unknown): never => {
  const isLate = error instanceof MediaError && error.code === 'ENCODER_TIMEOUT'
  throw isLate
    ? new MediaError('SOURCE_UNAVAILABLE', error.internalDetail, { cause: error })
    : error
}

const orderOf = (
  { ffmpegPath, pluginFolder }: VideoDownloads,
  { url, folder, durationSecondsMax, sizeBytesMax }: DownloadJob,
  proxy: string,
) => ({
  url,
  proxy,
  folder,
  durationSecondsMax,
  sizeBytesMax,
  heightMax: HEIGHT_PX_MAX,
  ffmpegPath,
  // Some sites want a script run before they hand anything out.
  nodePath: process.execPath,
  pluginFolder,
})

const readResult = async (path: string): Promise<z.output<typeof result>> => {
  try {
    return result.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (cause) {
    throw new MediaError('SOURCE_UNAVAILABLE', 'yt-dlp left no answer', { cause })
  }
}
