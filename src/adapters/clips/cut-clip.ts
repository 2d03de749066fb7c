import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FrameSize } from '../../domain/frame-size.ts'
import type { ConvertedMedia, VideoConversion } from '../../domain/media-conversions.ts'
import { audioStreams } from '../../domain/media-probe.ts'
import type { MediaStream } from '../../domain/media-probe.ts'
import {
  cancelOf,
  probeMade,
  probeSource,
  progressOf,
  refuseBrokenOff,
  refuseUnordered,
  type FileConversionJob,
} from '../ffmpeg/conversion.ts'
import { findLoudnessPlan, loudnessFilters } from '../ffmpeg/loudness.ts'
import { pictureFilters } from '../ffmpeg/picture-filters.ts'
import { runFfmpeg } from '../ffmpeg/process.ts'
import { safeInput } from '../ffmpeg/safe-input.ts'
import {
  audioEncoderArguments,
  soundShape,
  videoEncoderArguments,
} from '../ffmpeg/video-encoders.ts'
import { partOfPictures, planVideo, seekTo, type VideoPlan } from '../ffmpeg/video-plan.ts'

/** What the platforms play at: clips that are louder are turned down, and quieter ones stay quiet. */
const LOUDNESS_LUFS = -14

/** In the private folder, where ffmpeg runs. */
const COMMANDS_NAME = 'window.cmd'

export interface ClipJob extends FileConversionJob {
  readonly startSeconds: number
  readonly endSeconds: number
  readonly size: FrameSize
  /**
   * Where the window's left (or, of a source that is narrower than the clip, upper) edge is in each frame,
   * as a part of the source's width (or height); given once the shape of the window is known.
   */
  readonly windowEdges: (window: ClipWindow) => readonly number[]
  /** The filter that draws captions over the window, as they were typeset in `folder`; null: none. */
  readonly captionsFilter: string | null
  /** Private, and absolute. */
  readonly folder: string
}

/** The part of the source's picture that a clip shows. */
export interface ClipWindow {
  readonly axis: 'x' | 'y'
  /** The window's length along that axis, as a part of the picture's. */
  readonly lengthRatio: number
  readonly frameRate: number
  readonly frames: number
}

/**
 * Cuts a clip out of a video in one encode: exact to the frame, its window moved frame by frame, captions
 * burned in, the sound brought to -14 LUFS. *Output:* H.264 and AAC in an MP4 with its index in front.
 * *Errors:* MEDIA_NO_VIDEO, MEDIA_UNREADABLE, those of `runFfmpeg`.
 */
export const cutClip = async (job: ClipJob): Promise<ConvertedMedia> => {
  const source = await probeSource(job)
  const plan = planVideo(source, conversionOf(job))
  const { window, scaled } = windowOf(plan)
  await writeFile(
    join(job.folder, COMMANDS_NAME),
    windowCommands(job.windowEdges(window), window, scaled),
  )
  const pictures = [
    ...partOfPictures(plan),
    ...pictureFilters(plan.stream, { picture: scaled, canvas: scaled }, 'video'),
    `sendcmd=f=${COMMANDS_NAME}`,
    `crop@window=${job.size.widthPx}:${job.size.heightPx}:0:0:exact=1`,
    ...(job.captionsFilter === null ? [] : [job.captionsFilter]),
    'format=yuv420p',
  ]
  const sound = audioStreams(source).find((one) => one.sampleRateHz && one.channels)
  await runFfmpeg({
    ffmpegPath: job.ffmpegPath,
    cwd: job.folder,
    args: [
      ...safeInput({ path: job.inputPath, options: seekTo(plan.trim) }),
      ...['-filter_complex', `[0:${plan.stream.index}]${pictures.join()}[v]`, '-map', '[v]'],
      ...videoEncoderArguments('h264', 'medium'),
      ...(sound === undefined ? [] : await soundArguments(job, plan, sound)),
      ...['-map_metadata', '-1', '-map_chapters', '-1', '-movflags', '+faststart', '-f', 'mp4'],
      `file:${job.outputPath}`,
    ],
    timeoutMs: job.timeoutMs,
    ...cancelOf(job),
    ...progressOf(job, plan.trim.durationSeconds),
  })
  return await verifyClip(job, plan, sound !== undefined)
}

const conversionOf = ({ startSeconds, endSeconds, size }: ClipJob): VideoConversion => ({
  format: 'mp4',
  codec: null,
  startSeconds,
  endSeconds,
  widthPx: size.widthPx,
  heightPx: size.heightPx,
  fit: 'cover',
  enlarge: true,
  frameRate: null,
  quality: 'medium',
  audio: true,
})

const windowOf = ({ fit, frameRate, trim }: VideoPlan) => {
  const { picture: scaled, canvas } = fit
  const axis = scaled.widthPx > canvas.widthPx ? ('x' as const) : ('y' as const)
  const lengthRatio =
    axis === 'x' ? canvas.widthPx / scaled.widthPx : canvas.heightPx / scaled.heightPx
  const frames = Math.max(1, Math.round((trim.durationSeconds ?? 0) * frameRate))
  return { window: { axis, lengthRatio, frameRate, frames }, scaled }
}

/** One line for each frame in which the window is somewhere else; halves of frames keep rounding away. */
const windowCommands = (
  edges: readonly number[],
  { axis, frameRate }: ClipWindow,
  scaled: FrameSize,
): string => {
  const lengthPx = axis === 'x' ? scaled.widthPx : scaled.heightPx
  const places = edges.map((edge) => Math.round(edge * lengthPx))
  return places
    .flatMap((place, frame) =>
      place === places[frame - 1]
        ? []
        : [`${Math.max(0, (frame - 0.5) / frameRate).toFixed(4)} crop@window ${axis} ${place};`],
    )
    .join('\n')
}

const soundArguments = async (
  job: ClipJob,
  { trim }: VideoPlan,
  sound: MediaStream,
): Promise<string[]> => {
  const { startSeconds, durationSeconds } = trim
  const shape = soundShape('aac', {
    sampleRateHz: sound.sampleRateHz ?? 48_000,
    channels: sound.channels ?? 2,
  })
  const part = ['aresample=async=1:first_pts=0', `atrim=start=0:end=${String(durationSeconds)}`]
  const loudness = await findLoudnessPlan(
    {
      ffmpegPath: job.ffmpegPath,
      timeoutMs: job.timeoutMs,
      ...cancelOf(job),
      input: [
        ...safeInput({ path: job.inputPath, options: ['-ss', startSeconds.toFixed(6)] }),
        ...['-map', `0:${sound.index}`, '-vn'],
      ],
      filters: part,
    },
    { targetLufs: LOUDNESS_LUFS, sampleRateHz: shape.sampleRateHz },
  )
  const filters = [
    ...part,
    ...(loudness === null ? [] : loudnessFilters(loudness, shape.sampleRateHz)),
  ]
  return [
    ...['-map', `0:${sound.index}`, '-af', filters.join()],
    ...audioEncoderArguments('aac', 'medium', shape),
  ]
}

const verifyClip = async (
  job: ClipJob,
  plan: VideoPlan,
  hasSound: boolean,
): Promise<ConvertedMedia> => {
  const made = await probeMade(job, job.outputPath)
  const video = made.streams.find(({ kind }) => kind === 'video')
  const { widthPx, heightPx } = job.size
  const isOrdered =
    video?.widthPx === widthPx &&
    video.heightPx === heightPx &&
    audioStreams(made).length === (hasSound ? 1 : 0)
  refuseUnordered(isOrdered ? [] : [`a clip of ${widthPx} × ${heightPx}`])
  refuseBrokenOff(made.durationSeconds, plan.trim.durationSeconds)
  return { contentType: 'video/mp4', durationSeconds: made.durationSeconds, widthPx, heightPx }
}
