import { isMediaNode, mediaNode, type MediaNode } from './media-node.ts'

type MergeMedia = 'video' | 'image' | 'audio'

/** One piece of a merge with its options. */
export interface MergeItemWithOptions {
  /** What is merged; `media` is another name of it. */
  readonly url?: string | MediaNode
  readonly media?: string | MediaNode
  /** Needed where neither a node nor the ending of the URL tells. */
  readonly type?: MergeMedia
  /** Seconds. Of a video: cut to them; of an image: shown for them, 1 without it. */
  readonly duration?: number
  /** Seconds from the start of the whole. Of sound alone. */
  readonly offset?: number
  /** 0 to 1 and above; 1: as loud as it is. */
  readonly volume?: number
}

export type MergeItem = string | MediaNode | MergeItemWithOptions

export interface MergeOptions {
  readonly width?: number
  readonly height?: number
  readonly frameRate?: number
  readonly fit?: 'contain' | 'cover'
  /** Null: as loud as it is. Without it −14 LUFS. */
  readonly loudness?: number | null
  /** What is done with a clip that is not as long as was asked for. */
  readonly lengths?: 'trim' | 'freeze' | 'stretch'
}

const ENDINGS: Readonly<Record<Exclude<MergeMedia, 'video'>, RegExp>> = {
  audio: /\.(?:mp3|wav|aac|ogg|oga|opus|m4a|flac)$/i,
  image: /\.(?:jpe?g|png|gif|webp|bmp|avif)$/i,
}

/** What a URL leads to, by the ending of its path; a video where nothing tells. */
export const mediaOfUrl = (url: string): MergeMedia => {
  const path = url.replace(/[?#].*$/s, '')
  if (ENDINGS.audio.test(path)) return 'audio'
  return ENDINGS.image.test(path) ? 'image' : 'video'
}

const mediaOf = (source: string | MediaNode): MergeMedia => {
  if (!isMediaNode(source)) return mediaOfUrl(source)
  return source.makes === 'image' || source.makes === 'audio' ? source.makes : 'video'
}

const written = (item: MergeItem): Record<string, unknown> => {
  if (typeof item === 'string' || isMediaNode(item)) return written({ url: item })
  const { url, media, type, ...options } = item
  const source = url ?? media
  if (source === undefined) throw new TypeError('An item of merge() needs a url or a node.')
  return { type: type ?? mediaOf(source), url: source, ...options }
}

/** Videos and images one after the other, in their order; sound over the whole, from its offset. */
export const merge = (
  items: readonly MergeItem[],
  options: MergeOptions = {},
): MediaNode<'video'> => mediaNode('merge', 'video', { items: items.map(written), ...options })
