import { rm } from 'node:fs/promises'

import { ANIMATION_EFFORT } from '../../domain/conversion-codecs.ts'
import { MediaError } from '../../domain/failures.ts'
import { VIDEO_CONTENT_TYPES } from '../../domain/media-conversions.ts'
import type { ConvertedMedia } from '../../domain/media-conversions.ts'
import { MEDIA_LIMITS } from '../../domain/media-limits.ts'
import { cancelOf, probeMade, progressOf, refuseBrokenOff, refuseUnordered } from './conversion.ts'
import { pictureFilters } from './picture-filters.ts'
import { runFfmpeg } from './process.ts'
import { safeInput } from './safe-input.ts'
import { partOfPictures, seekTo } from './video-plan.ts'
import type { VideoConversionJob, VideoPlan } from './video-plan.ts'
import { readWebpAnimation } from './webp-animation.ts'

/** All frames together: two minutes of 720p at 12.5 a second. A GIF of that has hundreds of megabytes. */
const PIXELS_MAX = 1_500_000_000
/** Under this all frames wait in memory (4 bytes each) while the palette is made of them. */
const ONE_PASS_PIXELS_MAX = 64_000_000
/** One frame more or less, and GIF's hundredths of a second. */
const SIZE_OF_FRAME_SECONDS = 0.01

/**
 * Makes animated pictures; the part of `convertVideo` for them. The jobs differ in the format alone and
 * share the plan: the source is decoded once for all of them. *Returns* what was made, in their order.
 */
export const convertToAnimations = async (
  jobs: readonly VideoConversionJob[],
  plan: VideoPlan,
): Promise<ConvertedMedia[]> => {
  const pixels = pixelsOf(plan)
  if (pixels > PIXELS_MAX) {
    throw new MediaError('MEDIA_TOO_LARGE', `an animation of ${pixels} pixels`, {
      problems: [
        {
          path: 'options',
          message: 'would give an animated picture that is too large',
          fix: 'send a start and an end, a smaller size or a lower frame rate',
        },
      ],
    })
  }
  const isLongGif = ({ conversion }: VideoConversionJob) =>
    conversion.format === 'gif' && pixels > ONE_PASS_PIXELS_MAX
  const together = jobs.filter((job) => !isLongGif(job))
  if (together.length > 0) await encodeTogether(together, plan)
  for (const job of jobs.filter(isLongGif)) await encodeLongGif(job, plan)
  const made: ConvertedMedia[] = []
  for (const job of jobs) made.push(await verifyAnimation(job, plan))
  return made
}

/** Where the length is not known the longest is assumed. */
const pixelsOf = ({ fit: { canvas }, frameRate, trim }: VideoPlan): number =>
  canvas.widthPx *
  canvas.heightPx *
  Math.ceil((trim.durationSeconds ?? MEDIA_LIMITS.durationSecondsMax) * frameRate)

const runGraph = (
  job: VideoConversionJob,
  plan: VideoPlan,
  work: { readonly graph: string; readonly inputs?: readonly string[]; readonly outputs: string[] },
) =>
  runFfmpeg({
    ffmpegPath: job.ffmpegPath,
    args: [
      ...safeInput({ path: job.inputPath, options: seekTo(plan.trim) }),
      ...(work.inputs ?? []),
      ...['-filter_complex', work.graph, ...work.outputs],
    ],
    timeoutMs: job.timeoutMs,
    ...cancelOf(job),
    ...progressOf(job, plan.trim.durationSeconds),
  })

/** What an output of a graph begins with. */
const fromGraph = (label: string): string[] => ['-map', `[${label}]`, '-map_metadata', '-1']

const partOf = (plan: VideoPlan): string => `[0:${plan.stream.index}]${partOfPictures(plan).join()}`

const sized = (plan: VideoPlan, use: 'webp' | 'rgb'): string =>
  pictureFilters(plan.stream, plan.fit, use).join()

const makePalette = ({ conversion }: VideoConversionJob): string =>
  `palettegen=max_colors=${ANIMATION_EFFORT[conversion.quality].paletteColors}:stats_mode=diff`
/** An ordered pattern stands still between frames: it neither shimmers nor costs bytes. */
const USE_PALETTE = 'paletteuse=dither=bayer:bayer_scale=4:diff_mode=rectangle'
const gifOutput = (path: string): string[] => ['-loop', '0', '-f', 'gif', `file:${path}`]

const webpOutput = ({ conversion, outputPath }: VideoConversionJob): string[] => [
  ...['-c:v', 'libwebp_anim', '-quality', String(ANIMATION_EFFORT[conversion.quality].webpQuality)],
  ...['-loop', '0', '-f', 'webp', `file:${outputPath}`],
]

const encodeTogether = async (
  jobs: readonly VideoConversionJob[],
  plan: VideoPlan,
): Promise<void> => {
  const [first] = jobs
  if (!first) return
  const parts = jobs.map((_, index) => `[part${index}]`)
  await runGraph(first, plan, {
    graph: [
      `${partOf(plan)},split=${jobs.length}${parts.join('')}`,
      ...jobs.flatMap((job, index) => animate(job, plan, index)),
    ].join(';'),
    outputs: jobs.flatMap((job, index) => [
      ...fromGraph(`made${index}`),
      ...(job.conversion.format === 'gif' ? gifOutput(job.outputPath) : webpOutput(job)),
    ]),
  })
}

const animate = (job: VideoConversionJob, plan: VideoPlan, index: number): string[] => {
  const [part, made] = [`[part${index}]`, `[made${index}]`]
  if (job.conversion.format !== 'gif') return [`${part}${sized(plan, 'webp')}${made}`]
  return [
    `${part}${sized(plan, 'rgb')},split[seen][shown]`,
    `[seen]${makePalette(job)}[palette]`,
    `[shown][palette]${USE_PALETTE}${made}`,
  ]
}

/** Reads the source twice rather than keeping all of its frames. */
const encodeLongGif = async (job: VideoConversionJob, plan: VideoPlan): Promise<void> => {
  const palettePath = `${job.outputPath}.palette`
  try {
    await runGraph({ ...job, onProgress: (ratio) => job.onProgress?.(ratio / 2) }, plan, {
      graph: `${partOf(plan)},${sized(plan, 'rgb')},${makePalette(job)}[made]`,
      outputs: [
        ...fromGraph('made'),
        ...['-frames:v', '1', '-c:v', 'png', '-f', 'image2pipe', `file:${palettePath}`],
      ],
    })
    await runGraph({ ...job, onProgress: (ratio) => job.onProgress?.(0.5 + ratio / 2) }, plan, {
      inputs: safeInput({ path: palettePath, formats: ['png_pipe'] }),
      graph: `${partOf(plan)},${sized(plan, 'rgb')}[shown];[shown][1:0]${USE_PALETTE}[made]`,
      outputs: [...fromGraph('made'), ...gifOutput(job.outputPath)],
    })
  } finally {
    await rm(palettePath, { force: true })
  }
}

const measureAnimation = async (job: VideoConversionJob) => {
  if (job.conversion.format === 'webp') return readWebpAnimation(job.outputPath)
  const made = await probeMade(job, job.outputPath)
  const [pictures] = made.streams
  return {
    widthPx: pictures?.widthPx,
    heightPx: pictures?.heightPx,
    durationSeconds: made.durationSeconds,
  }
}

const verifyAnimation = async (
  job: VideoConversionJob,
  { fit: { canvas }, trim, frameRate }: VideoPlan,
): Promise<ConvertedMedia> => {
  const { widthPx, heightPx, durationSeconds } = await measureAnimation(job)
  const isOrdered = widthPx === canvas.widthPx && heightPx === canvas.heightPx
  refuseUnordered(
    isOrdered ? [] : [`${widthPx} × ${heightPx} instead of ${JSON.stringify(canvas)}`],
  )
  const frameSeconds = 1 / frameRate + SIZE_OF_FRAME_SECONDS
  const expectedSeconds = trim.durationSeconds
  refuseBrokenOff(durationSeconds === null ? null : durationSeconds + frameSeconds, expectedSeconds)
  return {
    contentType: VIDEO_CONTENT_TYPES[job.conversion.format],
    durationSeconds,
    ...canvas,
  }
}
