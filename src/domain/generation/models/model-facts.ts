/** What is known of a model: what it takes, who runs it, how it is asked, and what it costs. */

import type { TimedText } from '../../transcript.ts'
import type { ModelParams } from '../job-params.ts'
import type { JobMedia, ModelOperation } from '../operations.ts'
import type { ModelChoice } from '../plan.ts'
import type { ModelPrice } from '../prices.ts'

/** A file that a model is given, where its provider can fetch it. */
export interface ReadySource {
  /** Signed and reachable by the provider; for engines of ours a path on this machine. */
  readonly url: string
  readonly media: JobMedia
  /** Measured; null for pictures and for what nobody has measured. */
  readonly durationSeconds: number | null
}

/** Parameters with every reference resolved: texts are texts. */
export type ReadyParams = Omit<ModelParams<ReadySource>, 'prompt' | 'text'> & {
  readonly prompt?: string
  readonly text?: string
}

/** A part of what a model has made, as its answer holds it. */
export type ModelOutput =
  | { readonly kind: 'url'; readonly url: string; readonly media: JobMedia }
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'words'
      /** Sentences, or as much as the model keeps together. */
      readonly segments: readonly TimedText[]
      readonly words: readonly TimedText[]
      /** BCP 47, or null: the model did not say. */
      readonly language: string | null
    }

/** What a parameter may be. */
export type ParamRule =
  | { readonly kind: 'text'; readonly lengthMax: number }
  | {
      readonly kind: 'file'
      readonly media: readonly JobMedia[]
      readonly durationSecondsMax?: number
    }
  | { readonly kind: 'files'; readonly countMax: number }
  | {
      readonly kind: 'choice'
      readonly of: readonly (string | number)[]
      /** Null: the model chooses. */
      readonly default: string | number | null
    }
  | {
      readonly kind: 'number'
      readonly min: number
      readonly max: number
      readonly whole: boolean
      readonly default: number | null
    }
  | { readonly kind: 'flag' }
  | { readonly kind: 'schema' }

/** The names of parameters as plans write them; `takes` and findings use these. */
export const PARAM_NAMES = {
  prompt: 'prompt',
  negativePrompt: 'negativePrompt',
  text: 'text',
  voice: 'voice',
  language: 'language',
  image: 'image',
  furtherImages: 'furtherImages',
  endImage: 'endImage',
  audio: 'audio',
  video: 'video',
  transcript: 'transcript',
  durationSeconds: 'duration',
  widthPx: 'width',
  heightPx: 'height',
  aspectRatio: 'aspectRatio',
  frameRate: 'frameRate',
  seed: 'seed',
  schema: 'schema',
} as const satisfies Record<Exclude<keyof ModelParams, 'extra'>, string>

export interface ModelRoute {
  /** As the provider names it; Replicate's may end in `:<version>`. */
  readonly model: string
  /** Where the provider has several addresses for what is one model to us. */
  readonly modelFor?: (params: ReadyParams) => string
  /** What the provider is sent, as it wants it. */
  readonly body: (params: ReadyParams) => Record<string, unknown>
  /** Finds in the provider's answer what was made. *Errors:* PROVIDER_OUTPUT_INVALID. */
  readonly outputs: (json: unknown) => readonly ModelOutput[]
  readonly price: ModelPrice
}

export interface ModelFacts {
  readonly operation: Exclude<ModelOperation, 'expand'>
  /** `input`: of the kind that it was given. */
  readonly makes: JobMedia | 'input'
  /** For people who choose. */
  readonly summary: string
  /** By the names of `PARAM_NAMES`, and the model's own ones. */
  readonly takes: Readonly<Record<string, ParamRule>>
  /** Of each list one has to be given. */
  readonly needs: readonly (readonly string[])[]
  /** By provider, in the order in which they are tried. */
  readonly routes: Readonly<Record<string, ModelRoute>>
  /** Tried after the routes, where a plan names no alternatives. */
  readonly fallbacks: readonly ModelChoice[]
}
