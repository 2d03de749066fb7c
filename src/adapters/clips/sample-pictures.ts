import { readFile } from 'node:fs/promises'
import type { FrameSize } from '../../domain/frame-size.ts'
import { picturesOf, probeSource } from '../ffmpeg/conversion.ts'
import { runFfmpeg } from '../ffmpeg/process.ts'
import { safeInput } from '../ffmpeg/safe-input.ts'

/** Often enough for a mouth that speaks and a head that turns. */
export const SAMPLES_PER_SECOND = 5
/** A face that is small in the picture still has enough pixels here for a model that looks at 192. */
const LONGER_SIDE_PX = 640
/** Scenes are told apart as well in small, ten times faster. */
const SCENE_WIDTH_PX = 160
/** Of FFmpeg's measure, 0 to 1: a cut between like pictures has a quarter, a fast pan a tenth. */
const CUT_SCORE = 0.2

export interface SamplingJob {
  readonly ffmpegPath: string
  readonly ffprobePath: string
  /** Absolute, with a name of our own making. */
  readonly inputPath: string
  readonly startSeconds: number
  readonly endSeconds: number
  readonly timeoutMs: number
  readonly workPath: (fileName: string) => string
  readonly signal: AbortSignal
}

/** What a part of a video looks like; times count from the beginning of the part. */
export interface SampledPictures {
  /** Pictures of three bytes a pixel, one after the other. */
  readonly framesPath: string
  readonly size: FrameSize
  readonly count: number
  readonly samplesPerSecond: number
  /** In order. */
  readonly cutsSeconds: readonly number[]
}

/**
 * Decodes a part of a video once: into small pictures for whoever looks for faces, and the times at which
 * the scene changes. *Errors:* MEDIA_NO_VIDEO, those of `runFfmpeg`.
 */
export const samplePictures = async (job: SamplingJob): Promise<SampledPictures> => {
  const { ffmpegPath, startSeconds, endSeconds, timeoutMs, signal, workPath } = job
  const { size: shown } = picturesOf(await probeSource(job))
  const size = sampleSize(shown)
  const framesPath = workPath('samples.rgb')
  const cutsPath = workPath('cuts.txt')
  const graph = [
    '[0:V:0]split[pictures][scenes]',
    `[pictures]fps=${SAMPLES_PER_SECOND},scale=${size.widthPx}:${size.heightPx}:flags=area[samples]`,
    `[scenes]scale=${SCENE_WIDTH_PX}:-2,select=gt(scene\\,${CUT_SCORE}),metadata=print:file=${cutsPath}[cuts]`,
  ]
  await runFfmpeg({
    ffmpegPath,
    args: [
      ...safeInput({
        path: job.inputPath,
        options: ['-ss', startSeconds.toFixed(6), '-t', (endSeconds - startSeconds).toFixed(6)],
      }),
      ...['-filter_complex', graph.join(';')],
      ...['-map', '[samples]', '-f', 'rawvideo', '-pix_fmt', 'rgb24', `file:${framesPath}`],
      ...['-map', '[cuts]', '-f', 'null', '-'],
    ],
    timeoutMs,
    signal,
  })
  const count = Math.ceil((endSeconds - startSeconds) * SAMPLES_PER_SECOND)
  const cutsSeconds = await readCuts(cutsPath)
  return { framesPath, size, count, samplesPerSecond: SAMPLES_PER_SECOND, cutsSeconds }
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
