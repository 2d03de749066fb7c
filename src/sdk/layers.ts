import { isMediaNode, mediaNode, type MediaNode } from './media-node.ts'
import { mediaOfUrl, merge } from './merge.ts'

/** Pixels of the output, or a part of it as `25%`. Numbers may be texts. */
type Extent = number | string

/** Where a layer stands: a word (`full`, `center`, `pip`), words of size and corner
 * (`w-1/4 bottom-right`), or exactly. */
export type LayerPlacement =
  | string
  | {
      readonly width?: Extent
      readonly height?: Extent
      readonly position?: { readonly x?: Extent; readonly y?: Extent }
      readonly padding?: Extent
    }

export interface LayerItem {
  /** A list is played one after the other. */
  readonly media: LayerMedia | readonly LayerMedia[]
  readonly placement?: LayerPlacement
  /** 0 to 1. */
  readonly opacity?: number
  /** Seconds from the start of the whole. */
  readonly start?: number
  readonly end?: number
  /** In a timeline: for how many seconds. */
  readonly duration?: number
  /** 1: as loud as it is. */
  readonly volume?: number
  /** Takes the background of one colour away; without `chromaKeyColor` a green one. */
  readonly chromaKey?: boolean
  readonly chromaKeyColor?: string
  readonly similarity?: number
  readonly blend?: number
  /** Of no meaning: the whole is as long as the first layer. */
  readonly main?: boolean
}

type LayerMedia = string | MediaNode

/** Shown one after the other; the last may do without a `duration`. */
export type LayerTimeline = readonly LayerItem[]

export interface LayersOptions {
  /** Seconds of the whole. */
  readonly duration?: number
  readonly width?: number
  readonly height?: number
  /** Of no meaning: the whole is as long as the first layer. */
  readonly mainLayer?: number
}

type Items = readonly (LayerItem | LayerTimeline)[]

const isTimeline = (item: LayerItem | LayerTimeline): item is LayerTimeline => Array.isArray(item)

const oneMedium = (media: LayerItem['media']): LayerMedia => {
  if (typeof media === 'string' || isMediaNode(media)) return media
  const [only, ...others] = media
  if (only === undefined) throw new TypeError('A layer needs its media.')
  return others.length === 0 ? only : merge(media)
}

/** Each item of a timeline as a layer with its times. */
const spread = (timeline: LayerTimeline, wholeSeconds: number | undefined): LayerItem[] => {
  const given = timeline.reduce((sum, { duration }) => sum + (duration ?? 0), 0)
  const open = timeline.filter(({ duration }) => duration === undefined).length
  const shareSeconds = wholeSeconds === undefined ? undefined : (wholeSeconds - given) / open
  let start = 0
  return timeline.map(({ duration = shareSeconds, ...item }, index) => {
    if (duration === undefined && index < timeline.length - 1) {
      throw new TypeError('All items of a timeline but the last need a duration in seconds.')
    }
    const layer = { ...item, start, ...(duration !== undefined && { end: start + duration }) }
    start += duration ?? 0
    return layer
  })
}

const isSound = (media: LayerMedia): boolean =>
  isMediaNode(media) ? media.makes === 'audio' : mediaOfUrl(media) === 'audio'

/** What lies under a timeline has to last, so the background is joined to one film. */
const background = (timeline: LayerTimeline): LayerItem => ({
  media: merge(
    timeline.map(({ media, duration, volume }) => ({
      url: oneMedium(media),
      ...(duration !== undefined && { duration }),
      ...(volume !== undefined && { volume }),
    })),
  ),
})

/** As the plan has them; the first picture is as long as the whole. */
const written = (items: Items, { duration }: LayersOptions) => {
  const isPicture = (item: Items[number]) => isTimeline(item) || !isSound(oneMedium(item.media))
  const index = items.findIndex(isPicture)
  const first = items[index]
  if (first === undefined) throw new TypeError('layers() needs at least one picture.')
  const others = items.toSpliced(index, 1)
  const bottom = isTimeline(first) ? background(first) : first
  return [
    { ...bottom, ...(duration !== undefined && { end: duration }) },
    ...others.flatMap((item) => (isTimeline(item) ? spread(item, duration) : [item])),
  ].map((item) => ({ ...item, media: oneMedium(item.media) }))
}

/** Lays media over each other, the first picture at the bottom; sound is heard, wherever it stands. */
export const layers = (
  given: Items | ({ readonly layers: Items } & LayersOptions),
  options: LayersOptions = {},
): MediaNode<'video'> => {
  if (!('length' in given)) return layers(given.layers, { ...given, ...options })
  const { width, height } = options
  const drawn = mediaNode('layer', 'video', { layers: written(given, options) })
  if (width === undefined && height === undefined) return drawn
  return mediaNode('resize', 'video', { source: drawn, width, height })
}
