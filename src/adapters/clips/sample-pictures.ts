import { readFile } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import type { FrameSize } from '../../domain/frame-size.ts'
import { picturesOf, probeSource } from '../ffmpeg/conversion.ts'
import { spawnFfmpeg } from '../ffmpeg/process.ts'
import { safeInput } from '../ffmpeg/safe-input.ts'

/** Often enough for a mouth that speaks and a head that turns. */
export const SAMPLES_PER_SECOND = 5
/** A face that is small in the picture still has enough pixels here for a model that looks at 192. */
const LONGER_SIDE_PX = 640
/** Scenes are told apart as well in small. */
const SCENE_WIDTH_PX = 160
/** Of FFmpeg's measure, 0 to 1: a cut between like pictures has a quarter, a fast pan a tenth. */
const CUT_SCORE = 0.2

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
 * the scene changes. A minute of pictures has two hundred megabytes, and none of them touches the disk.
 * *Errors:* MEDIA_NO_VIDEO, those of `runFfmpeg`, those of `look`. *Cancellation:* ffmpeg is gone when
 * this settles.
 */
export const samplePictures = async <Seen>(job: SamplingJob<Seen>): Promise<Sampled<Seen>> => {
  const { startSeconds, endSeconds, workPath, look } = job
  const { size: shown } = picturesOf(await probeSource(job))
  const size = sampleSize(shown)
  const cutsPath = workPath('cuts.txt')
  const { stdout, finished } = startSampling(job, size, cutsPath)
  if (stdout === null) throw new TypeError('ffmpeg has no pipe for its pictures')
  const count = Math.ceil((endSeconds - startSeconds) * SAMPLES_PER_SECOND)
  const looking = look({ stream: stdout, size, count }).finally(() => stdout.resume())
  const [seen, sampled] = await Promise.allSettled([looking, finished])
  // Without its pictures nobody sees anything: why they ended comes first.
  if (sampled.status === 'rejected') throw sampled.reason
  if (seen.status === 'rejected') throw seen.reason
  const cutsSeconds = await readCuts(cutsPath)
  return { seen: seen.value, samplesPerSecond: SAMPLES_PER_SECOND, cutsSeconds }
}

const startSampling = (
  { ffmpegPath, inputPath, startSeconds, endSeconds, ...job }: SamplingJob<unknown>,
  { widthPx, heightPx }: FrameSize,
  cutsPath: string,
) => {
  const graph = [
    '[0:V:0]split[pictures][scenes]',
    `[pictures]fps=${SAMPLES_PER_SECOND},scale=${widthPx}:${heightPx}:flags=area[samples]`,
    // Other ways of scaling take a third more of the whole look, and see changes in noise.
    `[scenes]scale=${SCENE_WIDTH_PX}:-2:flags=area,` +
      `select=gt(scene\\,${CUT_SCORE}),metadata=print:file=${cutsPath}[cuts]`,
  ]
  return spawnFfmpeg({
    ffmpegPath,
    args: [
      ...safeInput({
        path: inputPath,
        options: ['-ss', startSeconds.toFixed(6), '-t', (endSeconds - startSeconds).toFixed(6)],
      }),
      ...['-filter_complex', graph.join(';')],
      ...['-map', '[samples]', '-f', 'rawvideo', '-pix_fmt', 'rgb24', 'pipe:1'],
      ...['-map', '[cuts]', '-f', 'null', '-'],
    ],
    stdout: 'pipe',
    timeoutMs: job.timeoutMs,
    signal: job.signal,
  })
}

const even = (px: number): number => Math.max(2, Math.round(px / 2) * 2)

const sampleSize = ({ widthPx, heightPx }: FrameSize): FrameSize => {
  const scale = Math.min(1, LONGER_SIDE_PX / Math.max(widthPx, heightPx))
  return { widthPx: even(widthPx * scale), heightPx: even(heightPx * scale) }
}

const readCuts = async (path: string): Promise<readonly number[]> =>
  [...(await readFile(path, 'utf8')).matchAll(/pts_time:([\d.]+)/g)]
    .map(([, seconds]) => Number(seconds))
    .filter((seconds) => seconds > 0)
