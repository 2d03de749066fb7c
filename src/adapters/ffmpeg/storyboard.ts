import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { MediaError } from '../../domain/failures.ts'
import { IMAGE_CONTENT_TYPES } from '../../domain/media-conversions.ts'
import type { MadeStoryboard, StoryboardSpec } from '../../domain/media-conversions.ts'
import type { MediaStream } from '../../domain/media-probe.ts'
import { fitPicture } from '../../domain/picture-size.ts'
import type { PictureFit } from '../../domain/picture-size.ts'
import { planStoryboard, storyboardSource, storyboardVtt } from '../../domain/storyboard.ts'
import type { StoryboardPlan, StoryboardSource } from '../../domain/storyboard.ts'
import { cancelOf, knownSeconds, picturesOf, probeMade, probeSource } from './conversion.ts'
import { progressOf, refuseUnordered } from './conversion.ts'
import type { ConversionJob } from './conversion.ts'
import { canKeepPackets, findKeyFrames, keepPackets } from './key-frames.ts'
import { pictureFilters } from './picture-filters.ts'
import { runFfmpeg } from './process.ts'
import { safeInput } from './safe-input.ts'

export interface StoryboardJob extends ConversionJob {
  /** Absolute, an existing folder; `storyboard.vtt` and `storyboard-1.jpg`, … are written into it. */
  readonly outputDir: string
  readonly spec: StoryboardSpec
}

const ENCODERS = {
  jpg: ['-c:v', 'mjpeg', '-q:v', '4'],
  webp: ['-c:v', 'libwebp', '-quality', '75'],
} as const

/**
 * Makes the sheets of small pictures that a player shows over its seek bar, and the WebVTT that tells
 * which picture belongs to which stretch of time. A tile shows the middle of its stretch, or the key
 * frame before it: where these lie closer than the tiles only they are decoded, a sixteenth of the work,
 * and where they lie much closer only those that are shown.
 *
 * *Guarantee:* the number of tiles is bounded whatever the length; sheets were probed. *Errors:*
 * MEDIA_NO_VIDEO, MEDIA_UNREADABLE (no length, nothing to decode), those of `probe` and `runFfmpeg`.
 */
export const makeStoryboard = async (job: StoryboardJob): Promise<MadeStoryboard> => {
  const { spec, outputDir } = job
  const source = await probeSource(job)
  const { stream, size } = picturesOf(source)
  const durationSeconds = knownSeconds(source, stream)
  if (!durationSeconds) throw new MediaError('MEDIA_UNREADABLE', 'pictures without a length')
  const wish = { widthPx: spec.tileWidthPx, heightPx: null, fit: 'contain' } as const
  const fit = fitPicture(size, wish, { even: true })
  const plan = planStoryboard(spec, durationSeconds)
  const pictures = storyboardSource(plan, await findKeyFrames(job, stream.index))
  await drawSheets(job, { stream, fit, plan, ...pictures })

  const sheetName = (index: number): string => `storyboard-${index + 1}.${spec.format}`
  const spritePaths = Array.from({ length: plan.sheetCount }, (_, index) =>
    join(outputDir, sheetName(index)),
  )
  for (const path of spritePaths) await verifySheet(job, path, { fit, plan })
  const vttPath = join(outputDir, 'storyboard.vtt')
  await writeFile(vttPath, storyboardVtt(plan, fit.canvas, sheetName))
  job.onProgress?.(1)
  return {
    spritePaths,
    vttPath,
    spriteContentType: IMAGE_CONTENT_TYPES[spec.format],
    tileCount: plan.tileCount,
    tileWidthPx: fit.canvas.widthPx,
    tileHeightPx: fit.canvas.heightPx,
    intervalSeconds: plan.intervalSeconds,
    durationSeconds,
  }
}

interface Sheets extends StoryboardSource {
  readonly stream: MediaStream
  readonly fit: PictureFit
  readonly plan: StoryboardPlan
}

const drawSheets = async (job: StoryboardJob, sheets: Sheets): Promise<void> => {
  const { stream, chosen } = sheets
  const keyFrames: Pictures = {
    path: job.inputPath,
    streamIndex: stream.index,
    options: sheets.keyFramesOnly ? ['-skip_frame', 'nokey'] : [],
  }
  if (chosen === null || !canKeepPackets(stream)) return drawFrom(keyFrames, job, sheets)
  const path = join(job.outputDir, 'key-frames')
  const packets = chosen.map(({ packet }) => packet)
  try {
    const areKept = await keepPackets(job, { streamIndex: stream.index, packets, outputPath: path })
    // Their times are those of the film, and do not begin anew.
    await drawFrom(
      areKept ? { path, streamIndex: 0, options: ['-copyts'] } : keyFrames,
      job,
      sheets,
    )
  } finally {
    await rm(path, { force: true })
  }
}

interface Pictures {
  readonly path: string
  readonly streamIndex: number
  /** Of the input. */
  readonly options: readonly string[]
}

const drawFrom = async (
  { path, streamIndex, options }: Pictures,
  job: StoryboardJob,
  { stream, fit, plan }: Sheets,
): Promise<void> => {
  const filters = [
    // A frame is taken for the tile whose middle it is the last one before, the film's last one too.
    `fps=fps=1/${plan.intervalSeconds.toFixed(6)}:start_time=0:round=near:eof_action=pass`,
    ...pictureFilters(stream, fit, job.spec.format === 'jpg' ? 'jpeg' : 'webp'),
    // The last key frame may lie well before the end.
    'tpad=stop=-1:stop_mode=clone',
    `trim=end_frame=${plan.tileCount}`,
    `tile=${plan.columns}x${plan.rows}`,
  ]
  await runFfmpeg({
    ffmpegPath: job.ffmpegPath,
    args: [
      ...safeInput({ path, options }),
      ...['-filter_complex', `[0:${streamIndex}]${filters.join()}[sheets]`, '-map', '[sheets]'],
      ...['-frames:v', String(plan.sheetCount), '-fps_mode', 'passthrough'],
      ...['-map_metadata', '-1', ...ENCODERS[job.spec.format], '-f', 'image2'],
      `file:${join(job.outputDir, `storyboard-%d.${job.spec.format}`)}`,
    ],
    timeoutMs: job.timeoutMs,
    ...cancelOf(job),
    ...progressOf(job, plan.tileCount * plan.intervalSeconds),
  })
}

const verifySheet = async (
  job: StoryboardJob,
  path: string,
  { fit: { canvas }, plan }: Pick<Sheets, 'fit' | 'plan'>,
): Promise<void> => {
  const made = await probeMade(job, path)
  const [sheet] = made.streams
  const is = `${sheet?.widthPx} × ${sheet?.heightPx}`
  const ordered = `${canvas.widthPx * plan.columns} × ${canvas.heightPx * plan.rows}`
  refuseUnordered(is === ordered ? [] : [`${is} instead of ${ordered}`])
}
