/** What can be made out of a medium: the wishes, as the tasks API and the pipelines state them. */

export const VIDEO_FORMATS = ['mp4', 'webm', 'gif', 'webp'] as const
/** `gif` and `webp` are animated pictures: silent, without a codec to choose. */
export type VideoFormat = (typeof VIDEO_FORMATS)[number]

export const VIDEO_CODECS = ['h264', 'h265', 'vp9', 'av1'] as const
export type VideoCodec = (typeof VIDEO_CODECS)[number]

export const QUALITIES = ['low', 'medium', 'high'] as const
export type Quality = (typeof QUALITIES)[number]

/**
 * How a picture gets into a box of another shape, as in CSS: `contain` keeps all of it and makes the box
 * smaller, `pad` keeps all of it and fills the box with black, `cover` cuts off what sticks out, `fill`
 * stretches. Where only one side is asked for, the other follows the picture's shape.
 */
export const FITS = ['contain', 'cover', 'fill', 'pad'] as const
export type Fit = (typeof FITS)[number]

export const AUDIO_FORMATS = ['mp3', 'aac', 'opus', 'flac', 'wav'] as const
/** `aac` comes in an MP4 (`.m4a`), `opus` in Ogg. */
export type AudioFormat = (typeof AUDIO_FORMATS)[number]

export const IMAGE_FORMATS = ['jpg', 'png', 'webp', 'avif'] as const
export type ImageFormat = (typeof IMAGE_FORMATS)[number]

/** A part of a medium; `null` is its beginning and its end. An end beyond the medium's is its end. */
export interface TrimWish {
  readonly startSeconds: number | null
  readonly endSeconds: number | null
}

export interface SizeWish {
  readonly widthPx: number | null
  readonly heightPx: number | null
  readonly fit: Fit
  /** False: what is smaller than the wish stays as small as it is. By default a wish is a wish. */
  readonly enlarge?: boolean
}

export interface VideoConversion extends TrimWish, SizeWish {
  readonly format: VideoFormat
  /** `null`: the container's usual one. */
  readonly codec: VideoCodec | null
  readonly quality: Quality
  /** `null`: the source's own; of an animated picture, one that suits it. */
  readonly frameRate: number | null
  /** True: with sound, if the source has any. */
  readonly audio: boolean
}

export interface AudioConversion extends TrimWish {
  readonly format: AudioFormat
  readonly quality: Quality
  /** Brings the whole to one loudness. */
  readonly normalize: boolean
  /** The loudness for `normalize`; by default `LOUDNESS_TARGET_LUFS`. */
  readonly loudnessLufs?: number
}

export interface ImageConversion extends SizeWish {
  /** Seconds from the start, or the liveliest frame. Of no meaning for a source that is a picture. */
  readonly at: number | 'best'
  readonly format: ImageFormat
}

/** Minimum and maximum of the sound in many short stretches, for drawing it. */
export interface WaveformSpec {
  readonly pixelsPerSecond: number
  /** 8: values from -128 to 127; 16: from -32768 to 32767. */
  readonly bits: 8 | 16
  /** True: each channel by itself; false: their mean. */
  readonly splitChannels: boolean
}

export const DEFAULT_WAVEFORM: WaveformSpec = {
  pixelsPerSecond: 20,
  bits: 8,
  splitChannels: false,
}

/** Small pictures of a video at even distances, many to a sheet, for the seek bar of a player. */
export interface StoryboardSpec {
  readonly tileWidthPx: number
  /** No more tiles than this, whatever the length. */
  readonly tilesMax: number
  /** No tiles closer to each other than this. */
  readonly intervalSecondsMin: number
  /** Tiles in a row and rows in a sheet. */
  readonly columns: number
  readonly rows: number
  readonly format: 'jpg' | 'webp'
}

export const DEFAULT_STORYBOARD: StoryboardSpec = {
  tileWidthPx: 160,
  tilesMax: 200,
  intervalSecondsMin: 1,
  columns: 10,
  rows: 10,
  format: 'jpg',
}

/** What a conversion made, as measured on the file. */
export interface ConvertedMedia {
  readonly contentType: string
  readonly durationSeconds: number | null
  readonly widthPx: number | null
  readonly heightPx: number | null
}

/** What a storyboard is made of; the names in the VTT are relative to its own folder. */
export interface MadeStoryboard {
  readonly spritePaths: readonly string[]
  readonly vttPath: string
  readonly spriteContentType: string
  readonly tileCount: number
  readonly tileWidthPx: number
  readonly tileHeightPx: number
  readonly intervalSeconds: number
  readonly durationSeconds: number
}

export interface MeasuredPeaks {
  readonly contentType: string
  readonly durationSeconds: number
}

/** The usual endings of the files' names. */
export const VIDEO_EXTENSIONS: Record<VideoFormat, string> = {
  mp4: 'mp4',
  webm: 'webm',
  gif: 'gif',
  webp: 'webp',
}
export const AUDIO_EXTENSIONS: Record<AudioFormat, string> = {
  mp3: 'mp3',
  aac: 'm4a',
  opus: 'opus',
  flac: 'flac',
  wav: 'wav',
}

export const VIDEO_CONTENT_TYPES: Record<VideoFormat, string> = {
  mp4: 'video/mp4',
  webm: 'video/webm',
  gif: 'image/gif',
  webp: 'image/webp',
}
export const AUDIO_CONTENT_TYPES: Record<AudioFormat, string> = {
  mp3: 'audio/mpeg',
  aac: 'audio/mp4',
  opus: 'audio/ogg',
  flac: 'audio/flac',
  wav: 'audio/wav',
}
export const IMAGE_CONTENT_TYPES: Record<ImageFormat, string> = {
  jpg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  avif: 'image/avif',
}
