import { z } from 'zod'

import { MediaError } from '../../domain/failures.ts'
import type { MediaProbe, MediaStream } from '../../domain/media-probe.ts'
import { assertSucceeded, spawnGuarded } from './process.ts'
import type { ProcessEnd } from './process.ts'
import { safeInput } from './safe-input.ts'

/** ffprobe needs less than a second for every file that is not made to keep it busy. */
const PROBE_TIMEOUT_MS = 20_000

export interface ProbeOptions {
  readonly ffprobePath: string
  readonly path: string
  /** Demuxer names; by default what is accepted from outside. */
  readonly formats?: readonly string[]
  readonly signal?: AbortSignal
}

/** ffprobe prints most numbers as texts and leaves out or writes `N/A` for what it does not know. */
const quantity = z.coerce
  .number()
  .optional()
  .catch(undefined)
  .transform((value) => (value !== undefined && Number.isFinite(value) ? value : undefined))
const ratio = z
  .string()
  .regex(/^\d+\/[1-9]\d*$/)
  .transform((text) => {
    const [numerator = 0, denominator = 1] = text.split('/').map(Number)
    return numerator / denominator
  })
  .optional()
  .catch(undefined)
/** `0:1` is how ffprobe says that it does not know. */
const aspect = z
  .string()
  .regex(/^[1-9]\d*:[1-9]\d*$/)
  .transform((text) => {
    const [width = 1, height = 1] = text.split(':').map(Number)
    return width / height
  })
  .optional()
  .catch(undefined)
const word = z.string().optional().catch(undefined)

const probedStream = z.object({
  index: z.number(),
  codec_type: word,
  codec_name: word,
  duration: quantity,
  bit_rate: quantity,
  sample_rate: quantity,
  channels: quantity,
  width: quantity,
  height: quantity,
  field_order: word,
  avg_frame_rate: ratio,
  r_frame_rate: ratio,
  sample_aspect_ratio: aspect,
  pix_fmt: word,
  color_primaries: word,
  color_transfer: word,
  color_space: word,
  nb_frames: quantity,
  disposition: z.object({ attached_pic: quantity }).optional().catch(undefined),
  side_data_list: z
    .array(z.object({ rotation: quantity }))
    .optional()
    .catch(undefined),
  tags: z.record(z.string(), z.string()).optional().catch(undefined),
})

const probed = z.object({
  format: z.object({
    format_name: z.string(),
    duration: quantity,
    size: quantity,
    bit_rate: quantity,
  }),
  streams: z.array(probedStream).default([]),
})

/**
 * Asks ffprobe what a local file is.
 *
 * *Errors:* MEDIA_UNREADABLE (no media, or too broken), MEDIA_UNSUPPORTED (a playlist, a script, a
 * container that is not accepted), ENCODER_CRASHED (ffprobe was killed), ENCODER_TIMEOUT after 20 s.
 * *Cancellation:* rejects with the signal's reason when ffprobe is gone.
 */
export const probe = async (options: ProbeOptions): Promise<MediaProbe> => {
  const { ended } = spawnGuarded({
    file: options.ffprobePath,
    args: [
      ...['-hide_banner', '-v', 'warning', '-print_format', 'json'],
      ...['-show_format', '-show_streams'],
      ...safeInput(options),
    ],
    stdout: 'text',
    timeoutMs: PROBE_TIMEOUT_MS,
    ...(options.signal ? { signal: options.signal } : {}),
  })
  const end = await ended
  refuseUnread(options, end)
  return readProbe(end)
}

const refuseUnread = (options: ProbeOptions, end: ProcessEnd): void => {
  if (end.outputTooLong) {
    throw new MediaError('MEDIA_UNSUPPORTED', 'the description of the file has no end')
  }
  if (end.killedBy !== undefined) assertSucceeded(options.ffprobePath, end)
  if (end.exitCode === 0) return
  const notAccepted = /not on whitelist/i.test(end.stderrTail)
  throw new MediaError(notAccepted ? 'MEDIA_UNSUPPORTED' : 'MEDIA_UNREADABLE', end.stderrTail)
}

const readProbe = (end: ProcessEnd): MediaProbe => {
  const parsed = probed.safeParse(parseJson(end.stdoutText))
  if (!parsed.success) {
    throw new MediaError('MEDIA_UNREADABLE', `ffprobe said ${z.prettifyError(parsed.error)}`)
  }
  const { format, streams } = parsed.data
  return {
    formatName: format.format_name,
    durationSeconds: format.duration ?? null,
    durationIsEstimated:
      format.format_name === 'aac' || /estimating duration from bitrate/i.test(end.stderrTail),
    sizeBytes: format.size ?? 0,
    bitrateKbps: format.bit_rate === undefined ? null : Math.round(format.bit_rate / 1000),
    streams: streams.map(readStream),
  }
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const readStream = (stream: z.infer<typeof probedStream>): MediaStream => {
  const kind = kindOf(stream.codec_type)
  const common = {
    index: stream.index,
    kind,
    codec: stream.codec_name ?? 'unknown',
    isAttachedPicture: stream.disposition?.attached_pic === 1,
    ...present('durationSeconds', stream.duration ?? durationTag(stream.tags)),
    ...present('language', languageTag(stream.tags)),
    ...present(
      'bitrateKbps',
      stream.bit_rate === undefined ? undefined : Math.round(stream.bit_rate / 1000),
    ),
  }
  if (kind === 'audio') {
    return {
      ...common,
      ...present('sampleRateHz', stream.sample_rate),
      ...present('channels', stream.channels),
    }
  }
  if (kind !== 'video') return common
  return {
    ...common,
    ...present('widthPx', stream.width),
    ...present('heightPx', stream.height),
    ...present('isInterlaced', INTERLACED.has(stream.field_order ?? '') || undefined),
    ...present('frameRate', stream.avg_frame_rate || stream.r_frame_rate),
    ...present('nominalFrameRate', stream.r_frame_rate || undefined),
    ...present(
      'pixelAspectRatio',
      stream.sample_aspect_ratio === 1 ? undefined : stream.sample_aspect_ratio,
    ),
    ...present('pixelFormat', stream.pix_fmt),
    ...present('colorPrimaries', stream.color_primaries),
    ...present('colorTransfer', stream.color_transfer),
    ...present('colorSpace', stream.color_space),
    ...present('frameCount', stream.nb_frames),
    rotationDegrees: rotationOf(stream),
  }
}

/** ffprobe's names of the orders in which half pictures are kept and shown. */
const INTERLACED = new Set(['tt', 'bb', 'tb', 'bt'])

const languageTag = (tags: Record<string, string> | undefined): string | undefined => {
  const language = tags?.['language']
  return language === undefined || language === 'und' ? undefined : language
}

const present = <Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): Partial<Record<Name, Value>> =>
  (value === undefined ? {} : { [name]: value }) as Partial<Record<Name, Value>>

const kindOf = (codecType: string | undefined): MediaStream['kind'] =>
  codecType === 'audio' || codecType === 'video' || codecType === 'subtitle' ? codecType : 'data'

/** Matroska keeps the length of a stream in a tag: `00:01:02.345000000`. */
const durationTag = (tags: Record<string, string> | undefined): number | undefined => {
  const match = /^(\d+):(\d\d):(\d\d(?:\.\d+)?)$/.exec(tags?.['DURATION'] ?? '')
  if (!match) return undefined
  return Number(match[1]) * 3600 + Number(match[2]) * 60 + Number(match[3])
}

/** The display matrix counts against the clock, the older tag with it. */
const rotationOf = (stream: z.infer<typeof probedStream>): number => {
  const matrix = stream.side_data_list?.find(({ rotation }) => rotation !== undefined)?.rotation
  const clockwise = matrix === undefined ? Number(stream.tags?.['rotate'] ?? 0) : -matrix
  return ((Math.round(clockwise) % 360) + 360) % 360 || 0
}
