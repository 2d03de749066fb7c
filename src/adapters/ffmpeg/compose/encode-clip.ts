import type { FrameSize } from '../../../domain/frame-size.ts'
import { MediaError } from '../../../domain/failures.ts'
import type { PlannedClip } from '../../../domain/generation/compose/merge-plan.ts'
import { framesPerSecond, type RationalRate } from '../../../domain/rational-rate.ts'
import { runFfmpeg } from '../process.ts'
import { safeInput } from '../safe-input.ts'
import type { Clip } from './clip-facts.ts'
import { programsOf, type ComposeTools } from './compose-job.ts'
import { filmEncoderArguments, filmFilters, rateText } from './film-encoder.ts'
import { readMp4Tracks } from './mp4-tracks.ts'
import { soundOfClip } from './take-sounds.ts'

/** A clip with its place in the whole. */
export interface ClipJob {
  readonly clip: Clip
  readonly planned: PlannedClip
  readonly canvas: FrameSize
  readonly fit: 'contain' | 'cover'
  readonly frameRate: RationalRate
  /** Where its pictures go: an MP4. */
  readonly picturesPath: string
  /** Where its sound goes, without a header: 32-bit floats; null: nobody wants it. */
  readonly soundPath: string | null
}

/** What a source may end short of what it says of itself, before it counts as broken off. */
const SHORT_FRAMES_MAX = 2

/**
 * Encodes one clip of a film: exactly as many frames as planned, and its sound up to the end of the last
 * of them. *Errors:* MEDIA_UNREADABLE (the source breaks off), those of `runFfmpeg`.
 */
export const encodeClip = async (tools: ComposeTools, job: ClipJob): Promise<void> => {
  const { clip, planned, frameRate, picturesPath, soundPath } = job
  const { sound } = soundPath === null ? { sound: null } : clip
  const graph = [
    `[0:${clip.stream.index}]${picturesOfClip(job).join()}[v]`,
    ...(sound ? [`[0:${sound.index}]${soundOfClip(planned, frameRate).join()}[a]`] : []),
  ]
  const seconds = planned.frames / framesPerSecond(frameRate)
  await runFfmpeg({
    ...programsOf(tools),
    args: [
      ...[...safeInput({ path: clip.path }), '-filter_complex', graph.join(';')],
      ...['-map', '[v]', ...filmEncoderArguments(frameRate), '-map_metadata', '-1'],
      ...['-f', 'mp4', `file:${picturesPath}`],
      ...(sound ? ['-map', '[a]', '-c:a', 'pcm_f32le', '-f', 'f32le', `file:${soundPath}`] : []),
    ],
    ...(tools.onProgress
      ? { onProgress: (done: number) => tools.onProgress?.(Math.min(1, done / seconds)) }
      : {}),
  })
  await refuseShort(picturesPath, planned.frames)
}

const picturesOfClip = ({ clip, planned, canvas, fit, frameRate }: ClipJob): string[] => {
  const rate = rateText(frameRate)
  const fitted = filmFilters(clip.stream, clip.size, { canvas, fit })
  if (clip.seconds === null) {
    return [
      ...fitted,
      `loop=loop=${planned.frames - 1}:size=1`,
      `setpts=N/(${rate}*TB)`,
      `fps=${rate}`,
    ]
  }
  return [
    ...(planned.slowdown === 1 ? [] : [`setpts=PTS*${planned.slowdown.toFixed(9)}`]),
    `fps=fps=${rate}:start_time=0:round=near`,
    ...fitted,
    // Beyond what was planned to stand still only what rounding takes: the rest is a broken source.
    `tpad=stop=${planned.holdFrames + SHORT_FRAMES_MAX}:stop_mode=clone`,
    `trim=end_frame=${planned.frames}`,
  ]
}

const refuseShort = async (path: string, frames: number): Promise<void> => {
  const made = (await readMp4Tracks(path))?.find(({ kind }) => kind === 'pictures')?.samples ?? 0
  if (made === frames) return
  throw new MediaError('MEDIA_UNREADABLE', `the source gave ${made} of ${frames} frames`)
}
