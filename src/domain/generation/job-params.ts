/**
 * What each operation is given, in one form whatever dialect it came in. The edge translates the
 * published spellings (`modelId`, `voice_id`, `videoUrl`, `offset`) into these.
 */

import type { JobMedia } from './operations.ts'

/** Where a job's input comes from. */
export type JobSource =
  | {
      readonly from: 'job'
      readonly jobId: string
      /** What is due here; null: whatever that job makes. */
      readonly media: JobMedia | null
    }
  | { readonly from: 'url'; readonly url: string }
  | { readonly from: 'medium'; readonly mediaId: string }

/** What models are asked for. Each takes some of it; the table of models says which. */
export interface ModelParams<Source = JobSource> {
  /** A text, or the job that writes it. */
  readonly prompt?: string | Source
  readonly negativePrompt?: string
  /** What is to be spoken (`generateAudio`), or the job that writes it. */
  readonly text?: string | Source
  readonly voice?: string
  readonly language?: string
  /** What is changed, or the first frame of a video. */
  readonly image?: Source
  /** Beside `image`: more that the model looks at. */
  readonly furtherImages?: readonly Source[]
  /** The last frame of a video. */
  readonly endImage?: Source
  readonly audio?: Source
  readonly video?: Source
  /** What is translated. */
  readonly transcript?: Source
  readonly durationSeconds?: number
  readonly widthPx?: number
  readonly heightPx?: number
  /** `16:9`, `9:16`, `1:1`, `4:5` and whatever else the model knows. */
  readonly aspectRatio?: string
  readonly frameRate?: number
  readonly seed?: number
  /** A JSON schema that the text has to obey (`generateText`). */
  readonly schema?: Readonly<Record<string, unknown>>
  /** Handed to the model as they are; the table of models names those it knows. */
  readonly extra?: Readonly<Record<string, string | number | boolean>>
}

export interface MergeItem<Source = JobSource> {
  readonly type: 'video' | 'image' | 'audio'
  readonly source: Source
  /** Null: as long as it is; an image then stands for a second. */
  readonly durationSeconds: number | null
  /** Of an audio: from when it sounds. */
  readonly offsetSeconds: number
  /** 1: as loud as it is. */
  readonly volume: number
}

export interface MergeParams<Source = JobSource> {
  readonly items: readonly MergeItem<Source>[]
  /** Null: those of the first clip. */
  readonly widthPx: number | null
  readonly heightPx: number | null
  readonly frameRate: number | null
  readonly fit: 'contain' | 'cover'
  /** Null: as loud as it is. */
  readonly loudnessLufs: number | null
  /** What is done with a clip that is not as long as was asked for. */
  readonly lengths: 'trim' | 'freeze' | 'stretch'
}

/** Pixels, or a part of the picture as `25%`. */
export type Extent = number | `${number}%`

export interface Placement {
  readonly width: Extent | null
  readonly height: Extent | null
  /** Of the upper left corner, or a corner by name with the padding from it. */
  readonly at:
    | { readonly x: Extent; readonly y: Extent }
    | {
        readonly corner:
          | 'top-left'
          | 'top-right'
          | 'bottom-left'
          | 'bottom-right'
          | 'center'
          | 'top'
          | 'bottom'
          | 'left'
          | 'right'
        readonly padding: Extent
      }
}

export interface Layer<Source = JobSource> {
  readonly source: Source
  /** Null: over the whole picture. */
  readonly placement: Placement | null
  /** 0 to 1. */
  readonly opacity: number
  readonly startSeconds: number
  /** Null: to its end. */
  readonly endSeconds: number | null
  readonly chromaKey: {
    readonly color: string
    readonly similarity: number
    readonly blend: number
  } | null
  readonly volume: number
}

export interface LayerParams<Source = JobSource> {
  /** The first is the background. */
  readonly layers: readonly Layer<Source>[]
}

/** A word of captions, in seconds from the start of the video. */
export interface CaptionWord {
  readonly word: string
  readonly startSeconds: number
  readonly endSeconds: number
}

export const CAPTION_PRESETS = ['tiktok', 'youtube', 'story', 'minimal', 'cinematic'] as const
export type CaptionPreset = (typeof CAPTION_PRESETS)[number]

/** What is not given is the preset's. Colours are `#rrggbb` or `#rrggbbaa`; sizes are pixels of a
 * picture whose shorter side has 1080. */
export interface CaptionStyle {
  readonly preset: CaptionPreset
  readonly fontFamily?: string
  readonly fontSize?: number
  readonly fontWeight?: number
  readonly color?: string
  readonly outlineColor?: string
  readonly outlineWidth?: number
  readonly backgroundColor?: string
  readonly padding?: number
  readonly alignment?: 'top' | 'middle' | 'bottom'
  readonly marginV?: number
  readonly marginL?: number
  readonly marginR?: number
  readonly highlightActiveWord?: boolean
  readonly activeWordColor?: string
  readonly inactiveWordColor?: string
  readonly animationStyle?: 'none' | 'color' | 'scale' | 'glow'
  readonly activeWordScale?: number
}

export interface SubtitlesParams<Source = JobSource> {
  readonly video: Source
  /** Words of our own, or those of a transcript. */
  readonly words: readonly CaptionWord[] | Source
  readonly style: CaptionStyle
}

export interface ResizeParams<Source = JobSource> {
  readonly source: Source
  readonly widthPx: number | null
  readonly heightPx: number | null
  readonly fit: 'contain' | 'cover'
}

export interface ConvertParams<Source = JobSource> {
  readonly source: Source
  readonly format: string
  readonly quality: 'low' | 'medium' | 'high'
}

export interface TrimParams<Source = JobSource> {
  readonly source: Source
  readonly startSeconds: number
  /** Null: to its end. */
  readonly endSeconds: number | null
}

export interface ExtractAudioParams<Source = JobSource> {
  readonly video: Source
  readonly format: string
}

export interface ThumbnailParams<Source = JobSource> {
  readonly video: Source
  /** Null: the best frame. */
  readonly atSeconds: number | null
  readonly widthPx: number | null
  readonly format: 'jpg' | 'png' | 'webp'
}

/** What the operations that FFmpeg does are given. */
export interface MediaParams<Source = JobSource> {
  readonly merge: MergeParams<Source>
  readonly layer: LayerParams<Source>
  readonly addSubtitles: SubtitlesParams<Source>
  readonly resize: ResizeParams<Source>
  readonly convert: ConvertParams<Source>
  readonly trim: TrimParams<Source>
  readonly extractAudio: ExtractAudioParams<Source>
  readonly thumbnail: ThumbnailParams<Source>
}
