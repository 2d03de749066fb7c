import type { JobMedia, Operation } from '../domain/generation/operations.ts'
import { mediaNode, type MediaNode } from './media-node.ts'
import type {
  MadeBy,
  Model,
  ModelName,
  ModelOf,
  ModelOptions,
  NamesThatDo,
  NamesThatMake,
} from './models.ts'

/** A call of a model: what it takes, and who is asked when it fails. */
export type CallOptions<Name extends ModelName> = ModelOptions<Name> & {
  readonly model: Model<Name>
  /** Tried in this order; without them, what the server knows as the model's like. */
  readonly fallbacks?: readonly ModelOf<ModelName>[]
  /** @deprecated Goes nowhere: the server calls providers with its own keys. */
  readonly apiKey?: string
}

type Call<Name extends ModelName, Makes extends JobMedia> = <Chosen extends Name>(
  options: CallOptions<Chosen>,
) => MediaNode<Makes>

interface AnyCall {
  readonly model: ModelOf<ModelName>
  readonly fallbacks?: readonly ModelOf<ModelName>[]
  readonly apiKey?: string
}

const callOf =
  <Makes extends JobMedia>(type: Operation, makes: Makes | null) =>
  (options: AnyCall): MediaNode<Makes> => {
    // Plans are kept and shown: a key has no place in them.
    const { model, fallbacks, apiKey: _, ...params } = options
    const { provider, modelId } = model
    const others = fallbacks?.map((other) => ({ model: other.modelId, provider: other.provider }))
    return mediaNode(type, makes, { provider, modelId, ...params }, others)
  }

type ImageNames =
  | NamesThatDo<'generateImage'>
  | (NamesThatDo<'removeBackground'> & NamesThatMake<'image'>)

/** Makes an image of a text, or another image of images. */
export const generateImage = callOf('generateImage', 'image') as Call<ImageNames, 'image'>

/** Makes a video of a text or a picture; where the model takes a voice, with it. */
export const generateVideo = callOf('generate', 'video') as Call<NamesThatDo<'generate'>, 'video'>

/** Speaks a text. */
export const generateAudio = callOf('generateAudio', 'audio') as Call<
  NamesThatDo<'generateAudio'>,
  'audio'
>

/** Writes a text, which may be the prompt of others. */
export const generateText = callOf('generateText', 'text') as Call<
  NamesThatDo<'generateText'>,
  'text'
>

/** Writes down what is said, with the times of the words. */
export const transcribe = callOf('transcribe', 'transcript') as Call<
  NamesThatDo<'transcribe'>,
  'transcript'
>

/** Translates a transcript; its times stay. */
export const translate = callOf('translate', 'transcript') as Call<
  NamesThatDo<'translate'>,
  'transcript'
>

/** Cuts what an image or a video shows out of its background. */
export const removeBackground = callOf('removeBackground', null) as <
  Chosen extends NamesThatDo<'removeBackground'>,
>(
  options: CallOptions<Chosen>,
) => MediaNode<MadeBy<Chosen>>

/** Gives a video another shape and paints what is missing. */
export const reframe = callOf('reframe', 'video') as Call<NamesThatDo<'reframe'>, 'video'>

/** Moves the lips of a video to another voice. */
export const lipSync = callOf('lipSync', 'video') as Call<NamesThatDo<'lipSync'>, 'video'>
