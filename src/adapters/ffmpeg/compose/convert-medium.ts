import { join } from 'node:path'

import { MediaError } from '../../../domain/failures.ts'
import type {
  ConvertParams,
  ExtractAudioParams,
  ResizeParams,
  ThumbnailParams,
  TrimParams,
} from '../../../domain/generation/job-params.ts'
import {
  AUDIO_EXTENSIONS,
  AUDIO_FORMATS,
  IMAGE_FORMATS,
  VIDEO_FORMATS,
  type AudioConversion,
  type AudioFormat,
  type ConvertedMedia,
  type ImageConversion,
  type ImageFormat,
  type VideoConversion,
  type VideoFormat,
} from '../../../domain/media-conversions.ts'
import { audioStreams } from '../../../domain/media-probe.ts'
import type { FileConversionJob } from '../conversion.ts'
import { convertAudio } from '../convert-audio.ts'
import { convertImage } from '../convert-image.ts'
import { convertVideo } from '../convert-video.ts'
import { probe } from '../probe.ts'
import { programsOf, type ComposeTools, type LocalMedium, type MadeMedium } from './compose-job.ts'

/** Both names are in use. */
const OTHER_NAMES: Readonly<Record<string, string>> = { jpeg: 'jpg', m4a: 'aac', ogg: 'opus' }

const refuse = (path: string, message: string, fix: string): never => {
  throw new MediaError('INPUT_INVALID', `${path} ${message}`, {
    problems: [{ path, message, fix }],
  })
}

const among = <Format extends string>(formats: readonly Format[], name: string): Format | null =>
  formats.find((format) => format === name) ?? null

const jobOf = (tools: ComposeTools, source: LocalMedium, name: string): FileConversionJob => ({
  ...programsOf(tools),
  inputPath: source.path,
  outputPath: join(tools.folder, name),
  ...(tools.onProgress ? { onProgress: tools.onProgress } : {}),
})

const asMade = (
  job: FileConversionJob,
  media: MadeMedium['media'],
  { contentType }: ConvertedMedia,
): MadeMedium => ({ path: job.outputPath, contentType, media })

const PLAIN_VIDEO: VideoConversion = {
  format: 'mp4',
  codec: null,
  quality: 'high',
  frameRate: null,
  audio: true,
  widthPx: null,
  heightPx: null,
  fit: 'contain',
  startSeconds: null,
  endSeconds: null,
}

const makeVideo = async (
  tools: ComposeTools,
  source: LocalMedium,
  wish: Partial<VideoConversion>,
): Promise<MadeMedium> => {
  const conversion = { ...PLAIN_VIDEO, ...wish }
  const job = jobOf(tools, source, 'made-video')
  const made = await convertVideo({ ...job, conversion })
  return asMade(job, made.contentType.startsWith('image/') ? 'image' : 'video', made)
}

const makeAudio = async (
  tools: ComposeTools,
  source: LocalMedium,
  wish: Partial<AudioConversion> & Pick<AudioConversion, 'format'>,
): Promise<MadeMedium> => {
  const job = jobOf(tools, source, `made-audio.${AUDIO_EXTENSIONS[wish.format]}`)
  const made = await convertAudio({
    ...job,
    conversion: {
      quality: 'high',
      normalize: false,
      startSeconds: null,
      endSeconds: null,
      ...wish,
    },
  })
  return asMade(job, 'audio', made)
}

const makeImage = async (
  tools: ComposeTools,
  source: LocalMedium,
  wish: Partial<ImageConversion> & Pick<ImageConversion, 'format'>,
): Promise<MadeMedium> => {
  const job = jobOf(tools, source, 'made-image')
  const made = await convertImage({
    ...job,
    conversion: { at: 0, widthPx: null, heightPx: null, fit: 'contain', ...wish },
  })
  return asMade(job, 'image', made)
}

const IMAGE_FORMAT_OF_DEMUXER: Readonly<Record<string, ImageFormat>> = {
  png_pipe: 'png',
  jpeg_pipe: 'jpg',
  webp_pipe: 'webp',
}

/** Another size of a picture in its own format, or of a video as an MP4. */
export const resizeMedium = async (
  tools: ComposeTools,
  { source, ...size }: ResizeParams<LocalMedium>,
): Promise<MadeMedium> => {
  if (source.media !== 'image') return makeVideo(tools, source, size)
  const { formatName } = await probe({ ...programsOf(tools), path: source.path })
  return makeImage(tools, source, { ...size, format: IMAGE_FORMAT_OF_DEMUXER[formatName] ?? 'png' })
}

/** Another format. `gif` and `webp` of a video are animated pictures. */
export const convertMedium = async (
  tools: ComposeTools,
  { source, format, quality }: ConvertParams<LocalMedium>,
): Promise<MadeMedium> => {
  const asked = format.toLowerCase()
  const name = OTHER_NAMES[asked] ?? asked
  const audio: AudioFormat | null = among(AUDIO_FORMATS, name)
  if (audio) return makeAudio(tools, source, { format: audio, quality })
  const image: ImageFormat | null = among(IMAGE_FORMATS, name)
  const video: VideoFormat | null = among(VIDEO_FORMATS, name)
  if (image && (source.media === 'image' || !video))
    return makeImage(tools, source, { format: image })
  if (video) return makeVideo(tools, source, { format: video, quality })
  const known = [...VIDEO_FORMATS, ...AUDIO_FORMATS, ...IMAGE_FORMATS].join(', ')
  return refuse('params.format', `is ${JSON.stringify(format)}`, `send one of ${known}`)
}

const AUDIO_FORMAT_OF_CODEC: Readonly<Record<string, AudioFormat>> = {
  mp3: 'mp3',
  aac: 'aac',
  opus: 'opus',
  flac: 'flac',
  pcm_s16le: 'wav',
}

/** A part: of a video as an MP4, exact to the frame; of a sound in its own format, to the sample. */
export const trimMedium = async (
  tools: ComposeTools,
  { source, ...part }: TrimParams<LocalMedium>,
): Promise<MadeMedium> => {
  if (source.media === 'image') refuse('params.source', 'is a picture', 'send a video or a sound')
  if (source.media !== 'audio') return makeVideo(tools, source, part)
  const [sound] = audioStreams(await probe({ ...programsOf(tools), path: source.path }))
  return makeAudio(tools, source, {
    ...part,
    format: AUDIO_FORMAT_OF_CODEC[sound?.codec ?? ''] ?? 'mp3',
  })
}

/** The sound of a video as a file of its own. */
export const extractAudio = (
  tools: ComposeTools,
  { video, format }: ExtractAudioParams<LocalMedium>,
): Promise<MadeMedium> => {
  const asked = format.toLowerCase()
  const known = among(AUDIO_FORMATS, OTHER_NAMES[asked] ?? asked)
  if (known) return makeAudio(tools, video, { format: known })
  const formats = AUDIO_FORMATS.join(', ')
  return refuse('params.format', `is ${JSON.stringify(format)}`, `send one of ${formats}`)
}

/** One picture out of a video: at a time, or the liveliest. */
export const takeThumbnail = (
  tools: ComposeTools,
  { video, atSeconds, widthPx, format }: ThumbnailParams<LocalMedium>,
): Promise<MadeMedium> => makeImage(tools, video, { at: atSeconds ?? 'best', widthPx, format })
