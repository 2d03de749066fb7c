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

/** Makes an animated GIF or WebP; the part of `convertVideo` for pictures. */
export const convertToAnimation = async (
  job: VideoConversionJob,
  plan: VideoPlan,
): Promise<ConvertedMedia> => {
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
  if (job.conversion.format === 'webp') await encodeWebp(job, plan)
  else if (pixels <= ONE_PASS_PIXELS_MAX) await encodeGif(job, plan)
  else await encodeLongGif(job, plan)
  return verifyAnimation(job, plan)
}

/** Where the length is not known the longest is assumed. */
const pixelsOf = ({ fit: { canvas }, frameRate, trim }: VideoPlan): number =>
  canvas.widthPx *
  canvas.heightPx *
  Math.ceil((trim.durationSeconds ?? MEDIA_LIMITS.durationSecondsMax) * frameRate)

const runGraph = (
  job: VideoConversionJob,
  plan: VideoPlan,
  work: { readonly graph: string; readonly inputs?: readonly string[]; readonly output: string[] },
) =>
  runFfmpeg({
    ffmpegPath: job.ffmpegPath,
    args: [
      ...safeInput({ path: job.inputPath, options: seekTo(plan.trim) }),
      ...(work.inputs ?? []),
      ...['-filter_complex', work.graph, '-map', '[made]', '-map_metadata', '-1'],
      ...work.output,
    ],
    timeoutMs: job.timeoutMs,
    ...cancelOf(job),
    ...progressOf(job, plan.trim.durationSeconds),
  })

const picturesFor = (plan: VideoPlan, use: 'webp' | 'rgb'): string =>
  `[0:${plan.stream.index}]` +
  [...partOfPictures(plan), ...pictureFilters(plan.stream, plan.fit, use)].join()

const encodeWebp = (job: VideoConversionJob, plan: VideoPlan) => {
  const { webpQuality } = ANIMATION_EFFORT[job.conversion.quality]
  return runGraph(job, plan, {
    graph: `${picturesFor(plan, 'webp')}[made]`,
    output: [
      ...['-c:v', 'libwebp_anim', '-quality', String(webpQuality), '-loop', '0'],
      ...['-f', 'webp', `file:${job.outputPath}`],
    ],
  })
}

const makePalette = ({ conversion }: VideoConversionJob): string =>
  `palettegen=max_colors=${ANIMATION_EFFORT[conversion.quality].paletteColors}:stats_mode=diff`
/** An ordered pattern stands still between frames: it neither shimmers nor costs bytes. */
const USE_PALETTE = 'paletteuse=dither=bayer:bayer_scale=4:diff_mode=rectangle'
const gifOutput = (path: string): string[] => ['-loop', '0', '-f', 'gif', `file:${path}`]

const encodeGif = (job: VideoConversionJob, plan: VideoPlan) =>
  runGraph(job, plan, {
    graph: [
      `${picturesFor(plan, 'rgb')},split[seen][shown]`,
      `[seen]${makePalette(job)}[palette]`,
      `[shown][palette]${USE_PALETTE}[made]`,
    ].join(';'),
    output: gifOutput(job.outputPath),
  })

/** Reads the source twice rather than keeping all of its frames. */
const encodeLongGif = async (job: VideoConversionJob, plan: VideoPlan): Promise<void> => {
  const palettePath = `${job.outputPath}.palette`
  try {
    await runGraph({ ...job, onProgress: (ratio) => job.onProgress?.(ratio / 2) }, plan, {
      graph: `${picturesFor(plan, 'rgb')},${makePalette(job)}[made]`,
      output: ['-frames:v', '1', '-c:v', 'png', '-f', 'image2pipe', `file:${palettePath}`],
    })
    await runGraph({ ...job, onProgress: (ratio) => job.onProgress?.(0.5 + ratio / 2) }, plan, {
      inputs: safeInput({ path: palettePath, formats: ['png_pipe'] }),
      graph: `${picturesFor(plan, 'rgb')}[shown];[shown][1:0]${USE_PALETTE}[made]`,
      output: gifOutput(job.outputPath),
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
