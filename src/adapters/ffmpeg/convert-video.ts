import { videoCodecOf } from '../../domain/conversion-codecs.ts'
import { MediaError } from '../../domain/failures.ts'
import { VIDEO_CONTENT_TYPES } from '../../domain/media-conversions.ts'
import type { ConvertedMedia, VideoCodec, VideoConversion } from '../../domain/media-conversions.ts'
import { audioStreams, videoStreams } from '../../domain/media-probe.ts'
import type { MediaStream } from '../../domain/media-probe.ts'
import type { PictureFit } from '../../domain/picture-size.ts'
import type { Trim } from '../../domain/trim.ts'
import {
  cancelOf,
  probeMade,
  probeSource,
  progressOf,
  refuseBrokenOff,
  refuseUnordered,
} from './conversion.ts'
import { convertToAnimations } from './convert-to-animation.ts'
import { pictureFilters } from './picture-filters.ts'
import { runFfmpeg } from './process.ts'
import { safeInput } from './safe-input.ts'
import { audioEncoderArguments, soundShape, videoEncoderArguments } from './video-encoders.ts'
import { partOfPictures, planVideo, seekTo } from './video-plan.ts'
import type { VideoConversionJob, VideoPlan } from './video-plan.ts'

/** What SVT-AV1 begins at. */
const AV1_SIDE_PX_MIN = 64

/**
 * Makes a video, or an animated picture, out of another video.
 *
 * *Guarantee:* the part is exact to the frame; rotation and pixel shape are applied; a varying frame
 * rate becomes a steady one without moving the sound; high dynamic range is tone-mapped; sizes are even
 * where the format needs it. Success means that the output was probed and is what was asked for.
 * *Output:* H.264, H.265 (`hvc1`), VP9 or AV1 of 8 bits with AAC or Opus, MP4s with their index in front;
 * without metadata. *Errors:* INPUT_INVALID (part, size or codec), MEDIA_NO_VIDEO, MEDIA_UNREADABLE (the
 * source breaks off), MEDIA_TOO_LARGE (an animation without bounds), those of `probe` and `runFfmpeg`.
 */
export const convertVideo = async (job: VideoConversionJob): Promise<ConvertedMedia> => {
  const { conversion } = job
  const codec = videoCodecOf(conversion)
  const plan = planVideo(await probeSource(job), conversion)
  if (codec === null) {
    const [made] = await convertToAnimations([job], plan)
    return made!
  }
  refuseTooSmall(codec, plan.fit)
  await encodeVideo(job, codec, plan)
  return verifyVideoMade(job, codec, plan)
}

const refuseTooSmall = (codec: VideoCodec, { canvas }: PictureFit): void => {
  if (codec !== 'av1' || Math.min(canvas.widthPx, canvas.heightPx) >= AV1_SIDE_PX_MIN) return
  const message = `av1 begins at ${AV1_SIDE_PX_MIN} × ${AV1_SIDE_PX_MIN} pixels`
  throw new MediaError('INPUT_INVALID', message, {
    problems: [{ path: 'options.codec', message, fix: 'send another codec or a larger size' }],
  })
}

/** Sound from the start of the part on, with silence where the source has a hole. */
const partOfSound = (trim: Trim): string[] => [
  'aresample=async=1:first_pts=0',
  `atrim=start=0${trim.endSeconds === null ? '' : `:end=${trim.durationSeconds}`}`,
]

const soundOf = ({ source }: VideoPlan, { audio }: VideoConversion): MediaStream | undefined =>
  audio
    ? audioStreams(source).find(({ sampleRateHz, channels }) => sampleRateHz && channels)
    : undefined

const encodeVideo = async (
  job: VideoConversionJob,
  codec: VideoCodec,
  plan: VideoPlan,
): Promise<void> => {
  const { conversion, inputPath, outputPath } = job
  const { stream, trim, fit } = plan
  const sound = soundOf(plan, conversion)
  const pictures = [...partOfPictures(plan), ...pictureFilters(stream, fit, 'video')]
  const graph = [
    `[0:${stream.index}]${pictures.join()}[v]`,
    ...(sound ? [`[0:${sound.index}]${partOfSound(trim).join()}[a]`] : []),
  ]
  const soundFormat = conversion.format === 'webm' ? 'opus' : 'aac'
  const shape = soundShape(soundFormat, {
    sampleRateHz: sound?.sampleRateHz ?? 48_000,
    channels: sound?.channels ?? 2,
  })
  await runFfmpeg({
    ffmpegPath: job.ffmpegPath,
    args: [
      ...safeInput({ path: inputPath, options: seekTo(trim) }),
      ...['-filter_complex', graph.join(';'), '-map', '[v]'],
      ...videoEncoderArguments(codec, conversion.quality),
      ...(sound
        ? ['-map', '[a]', ...audioEncoderArguments(soundFormat, conversion.quality, shape)]
        : []),
      ...['-map_metadata', '-1', '-map_chapters', '-1'],
      ...(conversion.format === 'mp4' ? ['-movflags', '+faststart', '-f', 'mp4'] : ['-f', 'webm']),
      `file:${outputPath}`,
    ],
    timeoutMs: job.timeoutMs,
    ...cancelOf(job),
    ...progressOf(job, trim.durationSeconds),
  })
}

const PROBED_CODECS: Record<VideoCodec, string> = {
  h264: 'h264',
  h265: 'hevc',
  vp9: 'vp9',
  av1: 'av1',
}

const verifyVideoMade = async (
  job: VideoConversionJob,
  codec: VideoCodec,
  plan: VideoPlan,
): Promise<ConvertedMedia> => {
  const { canvas } = plan.fit
  const made = await probeMade(job, job.outputPath)
  const [video] = videoStreams(made)
  const differences: string[] = []
  const note = (name: string, is: unknown, ordered: unknown): void => {
    if (is !== ordered) differences.push(`${name} ${String(is)} instead of ${String(ordered)}`)
  }
  note('codec', video?.codec, PROBED_CODECS[codec])
  note('width', video?.widthPx, canvas.widthPx)
  note('height', video?.heightPx, canvas.heightPx)
  note('rotation', video?.rotationDegrees, 0)
  note('sound', audioStreams(made).length, soundOf(plan, job.conversion) ? 1 : 0)
  refuseUnordered(differences)
  const pictureSeconds = video?.durationSeconds ?? made.durationSeconds
  refuseBrokenOff(pictureSeconds, plan.trim.durationSeconds)
  return {
    contentType: VIDEO_CONTENT_TYPES[job.conversion.format],
    durationSeconds: made.durationSeconds,
    widthPx: canvas.widthPx,
    heightPx: canvas.heightPx,
  }
}
