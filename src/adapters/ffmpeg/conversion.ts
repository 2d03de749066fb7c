import { MediaError } from '../../domain/failures.ts'
import { videoStreams } from '../../domain/media-probe.ts'
import type { MediaProbe, MediaStream } from '../../domain/media-probe.ts'
import { displaySize } from '../../domain/picture-size.ts'
import type { FrameSize } from '../../domain/frame-size.ts'
import { probe } from './probe.ts'
import { MEDIA_FORMATS } from './safe-input.ts'

/** What every conversion is given. */
export interface ConversionJob {
  readonly ffmpegPath: string
  readonly ffprobePath: string
  /** Absolute, with a name of our own making. */
  readonly inputPath: string
  readonly timeoutMs: number
  /** Cancel: ffmpeg gets SIGTERM, then SIGKILL after 5 s; what was written is the caller's to remove. */
  readonly signal?: AbortSignal
  /** The share of the work that is done, 0 to 1. */
  readonly onProgress?: (ratio: number) => void
}

export interface FileConversionJob extends ConversionJob {
  /** Absolute; the file is written here. */
  readonly outputPath: string
}

/** The parts of a job that every call of ffmpeg and ffprobe wants, with no field that is undefined. */
export const cancelOf = ({ signal }: ConversionJob) => (signal ? { signal } : {})

export const probeSource = (job: ConversionJob): Promise<MediaProbe> =>
  probe({ ffprobePath: job.ffprobePath, path: job.inputPath, ...cancelOf(job) })

/** The pictures of a source, with the size at which they are shown. *Errors:* MEDIA_NO_VIDEO. */
export const picturesOf = (
  source: MediaProbe,
): { readonly stream: MediaStream; readonly size: FrameSize } => {
  const [stream] = videoStreams(source)
  const size = stream && displaySize(stream)
  if (!stream || !size) throw new MediaError('MEDIA_NO_VIDEO', 'no stream of pictures')
  return { stream, size }
}

/** What the container says of a stream's length, `null` where it can only guess. */
export const knownSeconds = (source: MediaProbe, stream: MediaStream): number | null =>
  source.durationIsEstimated ? null : (stream.durationSeconds ?? source.durationSeconds)

/** Turns seconds of output into the share of the work. */
export const progressOf = ({ onProgress }: ConversionJob, totalSeconds: number | null) =>
  onProgress && totalSeconds
    ? { onProgress: (doneSeconds: number) => onProgress(Math.min(1, doneSeconds / totalSeconds)) }
    : {}

/** Formats of our own making besides those that we take in. `image2` goes by the ending of a name. */
const MADE_FORMATS = [...MEDIA_FORMATS, 'gif', 'image2']

/** Probes what was made. *Errors:* ENCODER_CRASHED where it cannot be read. */
export const probeMade = async (job: ConversionJob, path: string): Promise<MediaProbe> => {
  try {
    return await probe({
      ffprobePath: job.ffprobePath,
      path,
      formats: MADE_FORMATS,
      ...cancelOf(job),
    })
  } catch (error) {
    const isOfTheFile =
      error instanceof MediaError && ['MEDIA_UNREADABLE', 'MEDIA_UNSUPPORTED'].includes(error.code)
    if (!isOfTheFile) throw error
    throw new MediaError('ENCODER_CRASHED', error.internalDetail, { cause: error })
  }
}

/** Encoder delay, rounding to frames, and a last frame that is shown a little longer or shorter. */
const SLACK_SECONDS = 0.5
const SLACK_RATIO = 0.005

/**
 * Refuses an output that is shorter than its source promised: ffmpeg ends with 0 on half a file too.
 * *Errors:* MEDIA_UNREADABLE.
 */
export const refuseBrokenOff = (
  madeSeconds: number | null,
  expectedSeconds: number | null,
): void => {
  if (expectedSeconds === null) return
  const slackSeconds = Math.min(SLACK_SECONDS + expectedSeconds * SLACK_RATIO, expectedSeconds / 2)
  if (madeSeconds !== null && madeSeconds >= expectedSeconds - slackSeconds) return
  const detail = `the source gave ${String(madeSeconds)} s of the ${expectedSeconds} s expected`
  throw new MediaError('MEDIA_UNREADABLE', detail)
}

/** What was made differs from what was ordered: an error of ours or of the encoder. */
export const refuseUnordered = (differences: readonly string[]): void => {
  if (differences.length > 0) throw new MediaError('ENCODER_CRASHED', differences.join('; '))
}
