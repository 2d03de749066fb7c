import { probe } from './probe.ts'
import { runFfmpeg } from './process.ts'
import { safeInput } from './safe-input.ts'

/** Larger than any template shows a cover. */
const SIDE_PX_MAX = 1920
const TIMEOUT_MS = 30_000

/**
 * Lifts the embedded cover out of a song, as JPEG of 1920 px at the most. Returns false when there is
 * none. *Errors:* those of `probe` and `runFfmpeg`. *Cancellation:* ffmpeg is ended.
 */
export const extractCover = async (options: {
  readonly ffmpegPath: string
  readonly ffprobePath: string
  readonly sourcePath: string
  /** Absolute; the JPEG is written here. */
  readonly outputPath: string
  readonly signal?: AbortSignal
}): Promise<boolean> => {
  const { ffmpegPath, ffprobePath, sourcePath, outputPath } = options
  const cancel = options.signal ? { signal: options.signal } : {}
  const { streams } = await probe({ ffprobePath, path: sourcePath, ...cancel })
  const cover = streams.find(({ isAttachedPicture }) => isAttachedPicture)
  if (cover === undefined) return false
  const side = `'min(${SIDE_PX_MAX},iw)':'min(${SIDE_PX_MAX},ih)'`
  await runFfmpeg({
    ffmpegPath,
    args: [
      ...safeInput({ path: sourcePath }),
      ...['-map', `0:${cover.index}`, '-frames:v', '1'],
      ...['-vf', `scale=${side}:force_original_aspect_ratio=decrease`],
      ...['-pix_fmt', 'yuvj420p', '-q:v', '3', '-f', 'mjpeg'],
      `file:${outputPath}`,
    ],
    timeoutMs: TIMEOUT_MS,
    ...cancel,
  })
  return true
}
