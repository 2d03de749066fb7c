import type { ParamRule } from '../domain/generation/models/model-facts.ts'
import type { MODELS } from '../domain/generation/models/table.ts'
import type { JobMedia } from '../domain/generation/operations.ts'
import type { MediaInput, MediaNode } from './media-node.ts'

type Table = typeof MODELS
export type ModelName = keyof Table

/** The models that make this. */
export type NamesThatMake<Media extends JobMedia> = {
  [Name in ModelName]: Table[Name]['makes'] extends Media ? Name : never
}[ModelName]

/** Those of them that do this. */
export type NamesThatDo<Operation extends Table[ModelName]['operation']> = {
  [Name in ModelName]: Table[Name]['operation'] extends Operation ? Name : never
}[ModelName]

/** What comes of a model that does not make what it is given. */
export type MadeBy<Name extends ModelName> = Table[Name]['makes'] & JobMedia

export type ImageModelName = NamesThatMake<'image'>
export type VideoModelName = NamesThatMake<'video'>
/** Those that speak, and those that listen. */
export type AudioModelName = NamesThatMake<'audio'> | NamesThatDo<'transcribe'>
export type TextModelName = NamesThatMake<'text'> | NamesThatDo<'translate'>

/** Who runs a model. */
export type ProviderOf<Name extends ModelName> = keyof Table[Name]['routes'] & string

/** A model, and who is to run it. */
export interface Model<Name extends ModelName = ModelName> {
  readonly modelId: Name
  readonly provider: ProviderOf<Name>
}
/** One of several models, each with its own providers. */
export type ModelOf<Name extends ModelName> = Name extends ModelName ? Model<Name> : never
export type ImageModel<Name extends ImageModelName = ImageModelName> = ModelOf<Name>
export type VideoModel<Name extends VideoModelName = VideoModelName> = ModelOf<Name>
export type AudioModel<Name extends AudioModelName = AudioModelName> = ModelOf<Name>
export type TextModel<Name extends TextModelName = TextModelName> = ModelOf<Name>

/** What a parameter may be given. Numbers are often computed, so a choice of numbers is left to the
 * server, which says what is near. */
type Value<Rule extends ParamRule> = Rule extends { kind: 'text' }
  ? string | MediaNode<'text'>
  : Rule extends { kind: 'file'; media: readonly (infer Media extends JobMedia)[] }
    ? MediaInput<Media>
    : Rule extends { kind: 'files' }
      ? readonly MediaInput<'image'>[]
      : Rule extends { kind: 'choice'; of: readonly (infer Choice)[] }
        ? Choice extends number
          ? number
          : Choice
        : Rule extends { kind: 'number' }
          ? number
          : Rule extends { kind: 'flag' }
            ? boolean
            : Readonly<Record<string, unknown>>

type Takes<Name extends ModelName> = Table[Name]['takes']

type Params<Name extends ModelName> = {
  readonly [Param in keyof Takes<Name>]: Takes<Name>[Param] extends ParamRule
    ? Value<Takes<Name>[Param]>
    : never
}

/** Parameters without which the model does nothing. */
type Needed<Name extends ModelName> = Table[Name]['needs'][number] extends infer Need
  ? Need extends readonly [infer Only extends keyof Params<Name>]
    ? Only
    : never
  : never

/** Other names under which the published guide gives the same, and a prompt where the model looks at
 * none. */
type OtherNames<Name extends ModelName> = ('voice' extends keyof Takes<Name>
  ? { readonly voiceId?: string }
  : unknown) &
  ('language' extends keyof Takes<Name> ? { readonly languageCode?: string } : unknown) &
  ('prompt' extends keyof Takes<Name> ? unknown : { readonly prompt?: string }) &
  ('furtherImages' extends keyof Takes<Name>
    ? { readonly image?: MediaInput<'image'> | readonly MediaInput<'image'>[] }
    : unknown)

type WithoutList<Name extends ModelName> = 'furtherImages' extends keyof Takes<Name>
  ? Omit<Params<Name>, 'image' | 'furtherImages'>
  : Params<Name>

/** What this model takes, by the names of plans. */
export type ModelOptions<Name extends ModelName> = Partial<WithoutList<Name>> &
  Pick<Params<Name>, Needed<Name>> &
  OtherNames<Name>

/** By its short name in older programs. */
const SHORT_NAMES = { minimax: 'minimax/video-01' } as const
type ShortNames = typeof SHORT_NAMES
type Named<Given extends string> = Given extends keyof ShortNames ? ShortNames[Given] : Given

type Provider<Name extends ModelName> =
  | ProviderOf<Name>
  | {
      readonly provider: ProviderOf<Name>
      /** @deprecated Goes nowhere: the server calls providers with its own keys. */
      readonly apiKey?: string
    }

const model = (name: string, given: string | { readonly provider: string }) => {
  const known: Readonly<Record<string, string>> = SHORT_NAMES
  return {
    modelId: known[name] ?? name,
    provider: typeof given === 'string' ? given : given.provider,
  }
}

/** A model that makes images, and who runs it: `imageModel('google/nano-banana', 'fal')`. */
export const imageModel = model as <Name extends ImageModelName>(
  name: Name,
  provider: Provider<Name>,
) => ImageModel<Name>

/** A model that makes videos, and who runs it. */
export const videoModel = model as <Given extends VideoModelName | keyof ShortNames>(
  name: Given,
  provider: Provider<Named<Given>>,
) => VideoModel<Named<Given>>

/** A model that speaks or listens, and who runs it. */
export const audioModel = model as <Name extends AudioModelName>(
  name: Name,
  provider: Provider<Name>,
) => AudioModel<Name>

/** A model that writes or translates, and who runs it. */
export const textModel = model as <Name extends TextModelName>(
  name: Name,
  provider: Provider<Name>,
) => TextModel<Name>
