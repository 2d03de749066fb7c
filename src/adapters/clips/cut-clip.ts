import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ViewShape, ViewSpan } from '../../domain/clips/clip-view.ts'
import type { FrameSize } from '../../domain/frame-size.ts'
import type { VideoConversion } from '../../domain/media-conversions.ts'
import { audioStreams } from '../../domain/media-probe.ts'
import type { MediaStream } from '../../domain/media-probe.ts'
import {
  cancelOf,
  picturesOf,
  probeMade,
  probeSource,
  progressOf,
  refuseBrokenOff,
  refuseUnordered,
  type FileConversionJob,
} from '../ffmpeg/conversion.ts'
import { findLoudnessPlan, loudnessFilters } from '../ffmpeg/loudness.ts'
import { runFfmpeg } from '../ffmpeg/process.ts'
import { safeInput } from '../ffmpeg/safe-input.ts'
import {
  audioEncoderArguments,
  soundShape,
  videoEncoderArguments,
} from '../ffmpeg/video-encoders.ts'
import { planVideo, seekTo, type VideoPlan } from '../ffmpeg/video-plan.ts'
import { viewGraph } from './view-filters.ts'

/** What the platforms play at: clips that are louder are turned down, and quieter ones stay quiet. */
const LOUDNESS_LUFS = -14

export interface ClipJob extends FileConversionJob {
  readonly startSeconds: number
  readonly endSeconds: number
  readonly size: FrameSize
  /** Decides what is shown once the shape of the source is known. */
  readonly compose: (shape: ViewShape) => Promise<ClipComposition>
  /** Private, and absolute. */
  readonly folder: string
}

/** What a clip shows. */
export interface ClipComposition {
  /** One after the other, from the first frame to the last. */
  readonly spans: readonly ViewSpan[]
  /** The filter that draws captions over the picture, as they were typeset in `folder`; null: none. */
  readonly captionsFilter: string | null
}

/**
 * Cuts a clip out of a video in one encode: exact to the frame, its windows moved frame by frame, captions
 * burned in, the sound brought to -14 LUFS. *Output:* H.264 and AAC in an MP4 with its index in front.
 * *Returns* what it shows. *Errors:* MEDIA_NO_VIDEO, MEDIA_UNREADABLE, those of `compose` and of `runFfmpeg`.
 */
export const cutClip = async (job: ClipJob): Promise<ClipComposition> => {
  const source = await probeSource(job)
  const plan = planVideo(source, conversionOf(job))
  const { frameRate, trim } = plan
  const frames = Math.max(1, Math.round((trim.durationSeconds ?? 0) * frameRate))
  const shape = { source: picturesOf(source).size, size: job.size, frameRate, frames }
  const composition = await job.compose(shape)
  const { spans, captionsFilter } = composition
  const further = [...(captionsFilter === null ? [] : [captionsFilter]), 'format=yuv420p']
  const { graph, files } = viewGraph(plan, spans, { size: job.size, further })
  for (const { name, text } of files) await writeFile(join(job.folder, name), text)
  const sound = audioStreams(source).find((one) => one.sampleRateHz && one.channels)
  await runFfmpeg({
    ffmpegPath: job.ffmpegPath,
    cwd: job.folder,
    args: [
      ...safeInput({ path: job.inputPath, options: seekTo(trim) }),
      ...['-filter_complex', graph, '-map', '[v]'],
      ...videoEncoderArguments('h264', 'medium'),
      ...(sound === undefined ? [] : await soundArguments(job, plan, sound)),
      ...['-map_metadata', '-1', '-map_chapters', '-1', '-movflags', '+faststart', '-f', 'mp4'],
      `file:${job.outputPath}`,
    ],
    timeoutMs: job.timeoutMs,
    ...cancelOf(job),
    ...progressOf(job, trim.durationSeconds),
  })
  await verifyClip(job, sound !== undefined)
  return composition
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
  // Sound that ends before the pictures do, or has ended before the part begins, is silent from then on.
  const part = [
    'aresample=async=1:first_pts=0',
    'apad',
    `atrim=start=0:end=${String(durationSeconds)}`,
  ]
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

const verifyClip = async (job: ClipJob, hasSound: boolean): Promise<void> => {
  const made = await probeMade(job, job.outputPath)
  const video = made.streams.find(({ kind }) => kind === 'video')
  const { widthPx, heightPx } = job.size
  const isOrdered =
    video?.widthPx === widthPx &&
    video.heightPx === heightPx &&
    audioStreams(made).length === (hasSound ? 1 : 0)
  refuseUnordered(isOrdered ? [] : [`a clip of ${widthPx} × ${heightPx}`])
  // What was asked for: the plan ends with the pictures of the source.
  refuseBrokenOff(made.durationSeconds, job.endSeconds - job.startSeconds)
}
