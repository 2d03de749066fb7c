import type { JobMedia } from '../domain/generation/operations.ts'
import type { CaptionStyle } from './captions.ts'
import { isMediaNode, mediaNode, type MediaInput, type MediaNode } from './media-node.ts'
import type { ImageModel, TextModel, VideoModel, AudioModel } from './models.ts'

/** What is changed stays what it is: a video a video, a sound a sound. */
const kindOf = <Media extends JobMedia>(source: MediaInput<Media>): Media | null =>
  isMediaNode(source) ? source.makes : null

/** Gives a picture another size; without one of the sides its shape stays. */
export const resize = <Media extends 'video' | 'image'>(options: {
  readonly source: MediaInput<Media>
  readonly width?: number
  readonly height?: number
  readonly fit?: 'contain' | 'cover'
}): MediaNode<Media> => mediaNode('resize', kindOf(options.source), options)

/** Cuts a piece out, in seconds. */
export const trim = <Media extends 'video' | 'audio'>(options: {
  readonly source: MediaInput<Media>
  readonly start?: number
  readonly end?: number
  readonly duration?: number
}): MediaNode<Media> => mediaNode('trim', kindOf(options.source), options)

/** Writes a medium in another format: `mp4`, `mp3`, `webp`, … */
export const convert = <Media extends 'video' | 'image' | 'audio'>(options: {
  readonly source: MediaInput<Media>
  readonly format: string
  readonly quality?: 'low' | 'medium' | 'high'
}): MediaNode<Media> => mediaNode('convert', kindOf(options.source), options)

/** The sound of a video alone. */
export const extractAudio = (options: {
  readonly video: MediaInput<'video'>
  readonly format?: string
}): MediaNode<'audio'> => mediaNode('extractAudio', 'audio', options)

/** A frame of a video; without `at`, in seconds, the best. */
export const thumbnail = (options: {
  readonly video: MediaInput<'video'>
  readonly at?: number
  readonly width?: number
  readonly format?: 'jpg' | 'png' | 'webp'
}): MediaNode<'image'> => mediaNode('thumbnail', 'image', options)

const choiceOf = (model: ImageModel | VideoModel | AudioModel | null | undefined) =>
  model ? { model: model.modelId, provider: model.provider } : model

/** Lets a model write the scenes of a film, and makes each: picture, video, voice, all of it joined. */
export const expand = (options: {
  readonly prompt: string
  readonly model?: TextModel
  /** At most so many. */
  readonly scenes?: number
  /** Null: none of it. */
  readonly image?: ImageModel | null
  readonly video?: VideoModel | null
  readonly voice?: AudioModel | null
  readonly captions?: boolean | CaptionStyle
  readonly transcriber?: AudioModel
  readonly aspectRatio?: string
}): MediaNode<'video'> => {
  const { model, image, video, voice, transcriber, ...params } = options
  return mediaNode('expand', 'video', {
    ...(model && { model: model.modelId, provider: model.provider }),
    image: choiceOf(image),
    video: choiceOf(video),
    voice: choiceOf(voice),
    transcriber: choiceOf(transcriber),
    ...params,
  })
}
