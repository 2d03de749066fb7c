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
  /** @deprecated Changes nothing: the preset says how much stands together. */
  readonly wordsPerCaption?: number
  /** @deprecated Changes nothing. */
  readonly maxCaptionDuration?: number
  /** @deprecated Changes nothing. */
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

const listenerOf = ({ model, transcribe }: CaptionsOptions) => {
  if (model) return { provider: model.provider, modelId: model.modelId }
  return transcribe ? { provider: transcribe.provider, modelId: transcribe.model } : {}
}

const isVideo = (given: CaptionsOptions | MediaInput<'video'>): given is MediaInput<'video'> =>
  typeof given === 'string' || isMediaNode(given)

/**
 * Burns captions into a video: of what is said in it, or words of your own. Where neither a model nor
 * words are given, the server listens with what it has.
 */
export const captions = (given: CaptionsOptions | MediaInput<'video'>): MediaNode<'video'> => {
  if (isVideo(given)) return captions({ video: given })
  const { video, captions: words, style } = given
  if (!isVideo(video)) throw new TypeError("captions() needs a 'video': a URL or a node.")
  const transcript =
    given.transcript ??
    mediaNode('transcribe', 'transcript', { ...listenerOf(given), videoUrl: video })
  return mediaNode('addSubtitles', 'video', {
    videoUrl: video,
    ...(words === undefined ? { transcript } : { captions: words }),
    ...(style !== undefined && { style }),
  })
}
