/** Every model that plans can name. Adding one is an entry here and a recorded answer in the tests. */

import { EDIT_MODELS } from './edit-models.ts'
import { IMAGE_MODELS } from './image-models.ts'
import type { ModelFacts, ModelRoute } from './model-facts.ts'
import type { ModelChoice } from '../plan.ts'
import { VIDEO_MODELS } from './video-models.ts'
import { VOICE_MODELS } from './voice-models.ts'
import { WORD_MODELS } from './word-models.ts'

export const MODELS = {
  ...IMAGE_MODELS,
  ...VIDEO_MODELS,
  ...VOICE_MODELS,
  ...WORD_MODELS,
  ...EDIT_MODELS,
} as const satisfies Readonly<Record<string, ModelFacts>>

export const MODEL_NAMES = Object.keys(MODELS) as readonly (keyof typeof MODELS)[]

/** A model by its name; a version behind a colon is not looked at. */
export const findModel = (name: string): ModelFacts | null => {
  const known: Readonly<Record<string, ModelFacts>> = MODELS
  const plain = name.split(':', 1)[0] ?? ''
  return Object.hasOwn(known, plain) ? (known[plain] ?? null) : null
}

/** How a model is asked at a provider, or null: it is not there. */
export const findRoute = ({ model, provider }: ModelChoice): ModelRoute | null => {
  const routes = findModel(model)?.routes ?? {}
  return Object.hasOwn(routes, provider) ? (routes[provider] ?? null) : null
}

/** The providers that the table knows. */
export const PROVIDERS: readonly string[] = [
  ...new Set(Object.values<ModelFacts>(MODELS).flatMap(({ routes }) => Object.keys(routes))),
]

/** Alternatives of a model, best first: the same at other providers, then others of its kind. */
export const fallbacksFor = (choice: ModelChoice): readonly ModelChoice[] => {
  const facts = findModel(choice.model)
  if (facts === null) return []
  const elsewhere = Object.keys(facts.routes)
    .filter((provider) => provider !== choice.provider)
    .map((provider) => ({ model: choice.model, provider }))
  return [...elsewhere, ...facts.fallbacks]
}
