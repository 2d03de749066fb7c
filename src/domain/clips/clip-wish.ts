import type { CaptionPreset } from '../generation/job-params.ts'
import type { FrameSize } from '../frame-size.ts'
import type { ClipLimits, Span } from './moment.ts'

export const CLIP_FORMATS = ['vertical_1080', 'square_1080', 'landscape_1080'] as const
export type ClipFormat = (typeof CLIP_FORMATS)[number]

export const CLIP_SIZES: Readonly<Record<ClipFormat, FrameSize>> = {
  vertical_1080: { widthPx: 1080, heightPx: 1920 },
  square_1080: { widthPx: 1080, heightPx: 1080 },
  landscape_1080: { widthPx: 1920, heightPx: 1080 },
}

/** Those who get four clips or more come back; those who get one do not. */
export const CLIP_COUNT = { usual: 6, max: 20 } as const
/** Shorter ones say nothing, and longer ones the platforms do not take. */
export const CLIP_SECONDS = { min: 5, usualMin: 20, usualMax: 60, max: 180 } as const

/** What an order of clips is asked for. */
export interface ClipWish {
  readonly limits: ClipLimits
  readonly format: ClipFormat
  /** Null: without. */
  readonly captions: { readonly preset: CaptionPreset; readonly language: string | null } | null
  /** What the customer wants to see; null: whatever is good. */
  readonly prompt: string | null
}

/** The wish as it travels in an order. */
export const clipWish = (input: Readonly<Record<string, unknown>>): ClipWish =>
  input['wish'] as ClipWish

/** One window fills the clip; two share it, a half each, for a part of it or all. */
export const CLIP_LAYOUTS = ['single', 'split'] as const
export type ClipLayout = (typeof CLIP_LAYOUTS)[number]

/** What was done in a simpler way than was meant, each a fact of the result. */
export const DEGRADATIONS = ['centerCrop', 'heuristicScore', 'noCaptions'] as const
export type Degradation = (typeof DEGRADATIONS)[number]

const milliseconds = (seconds: number): string => String(Math.round(seconds * 1000))

/** Where the faces of footage lie, by what was looked at: whichever clip shows it, in whichever version. */
export const facesKey = (footageFolderKey: string, { startSeconds, endSeconds }: Span): string =>
  `${footageFolderKey}/faces-${milliseconds(startSeconds)}-${milliseconds(endSeconds)}.json`

/** Where the files of an order of clips lie. */
export const clipKeys = (folderKey: string) => ({
  momentsKey: `${folderKey}/moments.json`,
  videoKey: (number: number) => `${folderKey}/clip-${number}.mp4`,
  thumbnailKey: (number: number) => `${folderKey}/clip-${number}.jpg`,
  /** Which moment it shows, and what was degraded. */
  aboutKey: (number: number) => `${folderKey}/clip-${number}.json`,
})
