import { MediaError } from './failures.ts'
import type {
  AudioFormat,
  Quality,
  VideoCodec,
  VideoConversion,
  VideoFormat,
} from './media-conversions.ts'

/** The codecs that players expect in a container, the usual one first. */
export const CODECS_BY_FORMAT: Record<VideoFormat, readonly VideoCodec[]> = {
  mp4: ['h264', 'h265', 'av1', 'vp9'],
  webm: ['vp9', 'av1'],
  gif: [],
  webp: [],
}

/**
 * The codec of a conversion; `null` for animated pictures. *Errors:* INPUT_INVALID: one that the
 * container does not take.
 */
export const videoCodecOf = ({
  format,
  codec,
}: Pick<VideoConversion, 'format' | 'codec'>): VideoCodec | null => {
  const codecs = CODECS_BY_FORMAT[format]
  if (codec === null) return codecs[0] ?? null
  if (codecs.includes(codec)) return codec
  const message = `${codec} does not go into ${format}`
  const fix = codecs.length > 0 ? `send ${codecs.join(', ')}, or no codec` : 'leave it out'
  throw new MediaError('INPUT_INVALID', message, {
    problems: [{ path: 'options.codec', message, fix }],
  })
}

/** A constant quality on the codec's own scale, and how much time goes into it. */
export interface CodecEffort {
  readonly crf: number
  readonly preset: string
}

/**
 * Steps of about the same look across codecs. H.264 was measured on grainy 1080p: 28, 23 and 20 gave a
 * VMAF of 86, 94 and 99; presets beyond these cost twice the time for a tenth of the size.
 */
export const VIDEO_EFFORT: Record<VideoCodec, Record<Quality, CodecEffort>> = {
  h264: {
    low: { crf: 28, preset: 'veryfast' },
    medium: { crf: 23, preset: 'veryfast' },
    high: { crf: 19, preset: 'medium' },
  },
  h265: {
    low: { crf: 31, preset: 'veryfast' },
    medium: { crf: 26, preset: 'veryfast' },
    high: { crf: 21, preset: 'medium' },
  },
  vp9: {
    low: { crf: 42, preset: '6' },
    medium: { crf: 34, preset: '5' },
    high: { crf: 26, preset: '3' },
  },
  av1: {
    low: { crf: 47, preset: '11' },
    medium: { crf: 38, preset: '10' },
    high: { crf: 28, preset: '8' },
  },
}

/** What an animated picture is made with: colours of its palette or the quality of WebP. */
export interface AnimationEffort {
  readonly frameRate: number
  readonly paletteColors: number
  readonly webpQuality: number
}

/** GIF counts in hundredths of a second: these rates are exact. */
export const ANIMATION_EFFORT: Record<Quality, AnimationEffort> = {
  low: { frameRate: 10, paletteColors: 64, webpQuality: 50 },
  medium: { frameRate: 12.5, paletteColors: 160, webpQuality: 72 },
  high: { frameRate: 20, paletteColors: 256, webpQuality: 85 },
}

/** Of mono and stereo; `null` where nothing is lost anyway. */
export const AUDIO_BITRATE_KBPS: Record<AudioFormat, Record<Quality, number> | null> = {
  mp3: { low: 96, medium: 192, high: 320 },
  aac: { low: 96, medium: 160, high: 256 },
  opus: { low: 48, medium: 96, high: 160 },
  flac: null,
  wav: null,
}
