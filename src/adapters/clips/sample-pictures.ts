import type { Readable } from 'node:stream'
import {
  correctedCuts,
  doubtfulParts,
  isSparse,
  sceneCuts,
  type ComparedFrame,
} from '../../domain/clips/scene-cuts.ts'
import type { FrameSize } from '../../domain/frame-size.ts'
import type { MediaStream } from '../../domain/media-probe.ts'
import { picturesOf, probeSource } from '../ffmpeg/conversion.ts'
import { spawnFfmpeg } from '../ffmpeg/process.ts'
import { safeInput } from '../ffmpeg/safe-input.ts'
import { compareFrames, comparison, partOptions, readComparison } from './compare-frames.ts'

/** Often enough for a mouth that speaks and a head that turns. */
export const SAMPLES_PER_SECOND = 5
/** The model looks at 192; the rest is for the mouths of faces that are small in the picture. */
const LONGER_SIDE_PX = 480
/** So many frames before a doubtful part the closer look begins: a change is measured over three. */
const LEAD_FRAMES = 4
/** Slower videos do not have frames to spare between two samples. */
const SKIPPING_FPS_MIN = 20
/** Of the frame rate: a mean that is farther from the nominal rate is that of unsteady frames. */
const STEADY_RATIO = 0.01

/** Pictures on their way to whoever looks at them. */
export interface SampledPictures {
  /** Three bytes a pixel, one picture after the other. What nobody takes is let go. */
  readonly stream: Readable
  readonly size: FrameSize
  readonly count: number
}

export interface SamplingJob<Seen> {
  readonly ffmpegPath: string
  readonly ffprobePath: string
  /** Absolute, with a name of our own making. */
  readonly inputPath: string
  readonly startSeconds: number
  readonly endSeconds: number
  readonly timeoutMs: number
  readonly workPath: (fileName: string) => string
  readonly signal: AbortSignal
  /** Takes the pictures while they are being decoded. */
  readonly look: (pictures: SampledPictures) => Promise<Seen>
}

/** What a part of a video looks like; times count from the beginning of the part. */
export interface Sampled<Seen> {
  readonly seen: Seen
  readonly samplesPerSecond: number
  /** In order. */
  readonly cutsSeconds: readonly number[]
}

/**
 * Decodes a part of a video once: into small pictures for whoever looks for faces, and the times at which
 * the scene changes, exact to the frame. Frames that no other frame needs are skipped where that leaves
 * enough of them, which saves half of the work; where that leaves a cut in doubt, the part around it is
 * looked at again with all frames. A minute of pictures has two hundred megabytes, and none of them
 * touches the disk.
 * *Errors:* MEDIA_NO_VIDEO, those of `runFfmpeg`, those of `look`. *Cancellation:* ffmpeg is gone when
 * this settles.
 */
export const samplePictures = async <Seen>(job: SamplingJob<Seen>): Promise<Sampled<Seen>> => {
  const { stream, size: shown } = picturesOf(await probeSource(job))
  const size = sampleSize(shown)
  const frameRate = steadyRate(stream)
  if (frameRate !== null && frameRate >= SKIPPING_FPS_MIN) {
    const { seen, frames } = await decode(job, { size, skipped: 'noref' })
    if (!isSparse(frames, 1 / SAMPLES_PER_SECOND)) {
      const cutsSeconds = await exactCuts(job, frames, 1 / frameRate)
      return { seen, samplesPerSecond: SAMPLES_PER_SECOND, cutsSeconds }
    }
  }
  const { seen, frames } = await decode(job, { size, skipped: 'default' })
  return { seen, samplesPerSecond: SAMPLES_PER_SECOND, cutsSeconds: sceneCuts(frames) }
}

/** Frames in a second; null: they vary. */
const steadyRate = ({ frameRate, nominalFrameRate }: MediaStream): number | null =>
  frameRate !== undefined &&
  nominalFrameRate !== undefined &&
  Math.abs(nominalFrameRate / frameRate - 1) <= STEADY_RATIO
    ? nominalFrameRate
    : null

interface Decoding {
  readonly size: FrameSize
  /** FFmpeg's name of the frames that are not decoded. */
  readonly skipped: 'default' | 'noref'
}

const decode = async <Seen>(
  job: SamplingJob<Seen>,
  { size, skipped }: Decoding,
): Promise<{ readonly seen: Seen; readonly frames: readonly ComparedFrame[] }> => {
  const { startSeconds, endSeconds, workPath, look } = job
  const framesPath = workPath('frames.txt')
  const { stdout, finished } = startSampling(job, { size, skipped }, framesPath)
  if (stdout === null) throw new TypeError('ffmpeg has no pipe for its pictures')
  const count = Math.ceil((endSeconds - startSeconds) * SAMPLES_PER_SECOND)
  const looking = look({ stream: stdout, size, count }).finally(() => stdout.resume())
  const [seen, sampled] = await Promise.allSettled([looking, finished])
  // Without its pictures nobody sees anything: why they ended comes first.
  if (sampled.status === 'rejected') throw sampled.reason
  if (seen.status === 'rejected') throw seen.reason
  return { seen: seen.value, frames: await readComparison(framesPath) }
}

const startSampling = (
  { ffmpegPath, inputPath, timeoutMs, signal, ...part }: SamplingJob<unknown>,
  { size: { widthPx, heightPx }, skipped }: Decoding,
  framesPath: string,
) => {
  // Each sample is the last frame that has begun by then; the first one also stands for what is before it.
  const samples = `fps=${SAMPLES_PER_SECOND}:round=up:start_time=0`
  const graph = [
    '[0:V:0]split[pictures][frames]',
    `[pictures]${samples},scale=${widthPx}:${heightPx}:flags=area[samples]`,
    `[frames]${comparison(framesPath)}[compared]`,
  ]
  return spawnFfmpeg({
    ffmpegPath,
    args: [
      ...safeInput({ path: inputPath, options: ['-skip_frame', skipped, ...partOptions(part)] }),
      ...['-filter_complex', graph.join(';')],
      ...['-map', '[samples]', '-f', 'rawvideo', '-pix_fmt', 'rgb24', 'pipe:1'],
      ...['-map', '[compared]', '-f', 'null', '-'],
    ],
    stdout: 'pipe',
    ...{ timeoutMs, signal },
  })
}

const exactCuts = async (
  job: SamplingJob<unknown>,
  frames: readonly ComparedFrame[],
  frameSeconds: number,
): Promise<readonly number[]> => {
  let cuts = sceneCuts(frames)
  for (const part of doubtfulParts(frames, frameSeconds)) {
    const leadSeconds = Math.min(part.startSeconds, LEAD_FRAMES * frameSeconds)
    const closer = await compareFrames(job, {
      startSeconds: job.startSeconds + part.startSeconds - leadSeconds,
      endSeconds: job.startSeconds + part.endSeconds + frameSeconds / 2,
    })
    const exact = sceneCuts(closer).map((cut) => cut - job.startSeconds)
    cuts = correctedCuts(cuts, exact, { part, frameSeconds })
  }
  return cuts
}

const even = (px: number): number => Math.max(2, Math.round(px / 2) * 2)

const sampleSize = ({ widthPx, heightPx }: FrameSize): FrameSize => {
  const scale = Math.min(1, LONGER_SIDE_PX / Math.max(widthPx, heightPx))
  return { widthPx: even(widthPx * scale), heightPx: even(heightPx * scale) }
}
