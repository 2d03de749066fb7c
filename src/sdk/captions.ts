import type { CaptionPreset } from '../domain/generation/job-params.ts'
import { isMediaNode, mediaNode, type MediaInput, type MediaNode } from './media-node.ts'
import type { AudioModel } from './models.ts'

/** A word and when it is said, in seconds from the start of the video. */
export interface CaptionWord {
  readonly word: string
  readonly start: number
  readonly end: number
}

/** What is not given is the preset's. Colours are `#rrggbb`, `#rrggbbaa` or `rgba(…)`. */
export interface CaptionStyle {
  readonly preset?: CaptionPreset
  readonly fontFamily?: string
  /** Pixels of a picture whose shorter side has 1080. */
  readonly fontSize?: number
  readonly fontWeight?: number | 'normal' | 'bold'
  readonly color?: string
  /** Another name of `color`. */
  readonly fontColor?: string
  readonly outlineColor?: string
  readonly outlineWidth?: number
  readonly backgroundColor?: string
  readonly padding?: number
  readonly alignment?: string
  /** Another name of `alignment`. */
  readonly position?: 'top' | 'middle' | 'center' | 'bottom'
  readonly marginV?: number
  readonly marginL?: number
  readonly marginR?: number
  readonly wordsPerCaption?: number
  readonly maxCaptionDuration?: number
  readonly maxCaptionChars?: number
  readonly highlightActiveWord?: boolean
  readonly activeWordColor?: string
  readonly inactiveWordColor?: string
  readonly activeWordScale?: number
  readonly animationStyle?: 'none' | 'color' | 'scale' | 'glow'
}

export interface CaptionsOptions {
  readonly video: MediaInput<'video'>
  /** Writes down what is said. */
  readonly model?: AudioModel
  /** Another way to name it. */
  readonly transcribe?: { readonly model: string; readonly provider: string }
  /** Words of your own, instead. */
  readonly captions?: readonly CaptionWord[]
  /** What another node has written down, instead. */
  readonly transcript?: MediaNode<'transcript'>
  readonly style?: CaptionStyle
}

const RGBA = /^rgba?\(\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*(?:,\s*([\d.]+)\s*)?\)$/i

const hex = (value: number): string => Math.round(value).toString(16).padStart(2, '0')

const colorOf = (color: string): string => {
  const [, red, green, blue, alpha = '1'] = RGBA.exec(color) ?? []
  if (red === undefined) return color
  const opacity = Number(alpha) < 1 ? hex(Number(alpha) * 255) : ''
  return `#${[red, green, blue].map((each) => hex(Number(each))).join('')}${opacity}`
}

const FONT_WEIGHTS = { normal: 400, bold: 700 } as const

/** One name for each thing, and one way to write a colour. */
const written = ({ fontColor, position, fontWeight, ...style }: CaptionStyle) => ({
  ...Object.fromEntries(
    Object.entries({ ...(fontColor !== undefined && { color: fontColor }), ...style }).map(
      ([name, value]) => [name, typeof value === 'string' ? colorOf(value) : value],
    ),
  ),
  ...(position !== undefined && { alignment: position === 'center' ? 'middle' : position }),
  ...(fontWeight !== undefined && {
    fontWeight: typeof fontWeight === 'number' ? fontWeight : FONT_WEIGHTS[fontWeight],
  }),
})

const spokenIn = ({ video, model, transcribe, transcript }: CaptionsOptions) => {
  if (transcript !== undefined) return transcript
  const choice = model
    ? { provider: model.provider, modelId: model.modelId }
    : transcribe && { provider: transcribe.provider, modelId: transcribe.model }
  if (choice) return mediaNode('transcribe', 'transcript', { ...choice, videoUrl: video })
  throw new TypeError(
    "captions() needs a 'model' that writes down what is said, or 'captions' of your own.",
  )
}

/** Burns captions into a video: of what is said in it, or words of your own. */
export const captions = (options: CaptionsOptions): MediaNode<'video'> => {
  const { video, captions: words, style } = options
  if (typeof video !== 'string' && !isMediaNode(video)) {
    throw new TypeError("captions() needs a 'video': a URL or a node.")
  }
  return mediaNode('addSubtitles', 'video', {
    videoUrl: video,
    ...(words === undefined ? { transcript: spokenIn(options) } : { captions: words }),
    ...(style !== undefined && { style: written(style) }),
  })
}
