import type { FrameSize } from '../../../domain/frame-size.ts'
import { MediaError } from '../../../domain/failures.ts'
import type { PlannedClip } from '../../../domain/generation/compose/merge-plan.ts'
import { framesPerSecond, type RationalRate } from '../../../domain/rational-rate.ts'
import { runFfmpeg } from '../process.ts'
import { safeInput } from '../safe-input.ts'
import type { Clip } from './clip-facts.ts'
import { programsOf, type ComposeTools } from './compose-job.ts'
import { filmEncoderArguments, filmFilters, rateText, SOUND_RATE_HZ } from './film-encoder.ts'
import { readMp4Tracks } from './mp4-tracks.ts'
import { sampleAt, soundOfClip } from './take-sounds.ts'

/** A clip with its place in the whole. */
export interface PlacedClip {
  readonly clip: Clip
  readonly planned: PlannedClip
  /** 0: it is not heard. */
  readonly volume: number
}

/** Clips that follow each other. */
export interface ClipsJob {
  readonly clips: readonly PlacedClip[]
  readonly canvas: FrameSize
  readonly fit: 'contain' | 'cover'
  readonly frameRate: RationalRate
  /** Where the pictures go: an MP4. */
  readonly picturesPath: string
  /** Where the sound goes, without a header: 32-bit floats. Nothing, where none of them is heard. */
  readonly soundPath: string
}

/** What a source may end short of what it says of itself, before it counts as broken off. */
const SHORT_FRAMES_MAX = 2

/** Whether there is any sound to be heard. */
export const isHeard = ({ clip, volume }: PlacedClip): boolean => clip.sound !== null && volume > 0

/**
 * Encodes clips of a film one after the other: exactly as many frames as planned, each with its sound
 * from its first frame to its last. *Errors:* MEDIA_UNREADABLE (a source breaks off), those of
 * `runFfmpeg`.
 */
export const encodeClips = async (tools: ComposeTools, job: ClipsJob): Promise<void> => {
  const { clips, frameRate, picturesPath, soundPath } = job
  const rate = rateText(frameRate)
  const heard = clips.some(isHeard)
  const parts = clips.flatMap((placed, index) => [
    `[${index}:${placed.clip.stream.index}]${picturesOfClip(placed, job).join()}[v${index}]`,
    ...(heard ? [`${soundOfPlaced(placed, index, frameRate)}[a${index}]`] : []),
  ])
  const joined = clips.map((_, index) => `[v${index}]${heard ? `[a${index}]` : ''}`).join('')
  const graph = [
    ...parts,
    `${joined}concat=n=${clips.length}:v=1:a=${heard ? 1 : 0}[vs]${heard ? '[a]' : ''}`,
    `[vs]setpts=N/(${rate}*TB),fps=${rate}[v]`,
  ]
  const frames = clips.reduce((sum, { planned }) => sum + planned.frames, 0)
  const seconds = frames / framesPerSecond(frameRate)
  await runFfmpeg({
    ...programsOf(tools),
    args: [
      ...clips.flatMap(({ clip }) => safeInput({ path: clip.path })),
      ...['-filter_complex', graph.join(';')],
      ...['-map', '[v]', ...filmEncoderArguments(frameRate), '-map_metadata', '-1'],
      ...['-f', 'mp4', `file:${picturesPath}`],
      ...(heard ? ['-map', '[a]', '-c:a', 'pcm_f32le', '-f', 'f32le', `file:${soundPath}`] : []),
    ],
    ...(tools.onProgress
      ? { onProgress: (done: number) => tools.onProgress?.(Math.min(1, done / seconds)) }
      : {}),
  })
  await refuseShort(picturesPath, frames)
}

/** As many samples as its frames take, from where they begin in the whole. */
const soundOfPlaced = (placed: PlacedClip, index: number, rate: RationalRate): string => {
  const { clip, planned, volume } = placed
  const { startFrame, frames } = planned
  const samples = sampleAt(startFrame + frames, rate) - sampleAt(startFrame, rate)
  const trimmed = `atrim=end_sample=${samples}`
  if (!clip.sound || volume <= 0) return [SILENCE, trimmed].join()
  const louder = volume === 1 ? [] : [`volume=${volume}:precision=float`]
  const whole = [...soundOfClip(planned, rate), ...louder, `apad=whole_len=${samples}`, trimmed]
  return `[${index}:${clip.sound.index}]${whole.join()}`
}

const SILENCE = `anullsrc=r=${SOUND_RATE_HZ}:cl=stereo,aformat=sample_fmts=flt`

const picturesOfClip = (
  { clip, planned }: PlacedClip,
  { canvas, fit, frameRate }: ClipsJob,
): string[] => {
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
