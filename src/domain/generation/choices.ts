import { fallbacksFor, findModel } from './models/table.ts'
import type { ModelOperation } from './operations.ts'
import type { ModelChoice } from './plan.ts'

/** A model that is asked for, and by whom, if anybody was named. */
export interface WantedModel {
  readonly model: string
  readonly provider?: string | undefined
}

/** Whether this server can ask for a choice at all. */
export type IsConfigured = (choice: ModelChoice) => boolean

/** What an operation uses where a plan names no model, best first. */
const USUAL_MODELS: Readonly<Partial<Record<ModelOperation, readonly string[]>>> = {
  generateText: ['openai/gpt-4.1-mini'],
  expand: ['openai/gpt-4.1-mini'],
  transcribe: ['local/speech', 'vaibhavs10/incredibly-fast-whisper', 'elevenlabs/scribe-v1'],
  translate: ['local/translator'],
  removeBackground: ['bria/remove-background'],
  reframe: ['luma/reframe-video'],
  lipSync: ['sync/lipsync-2'],
}

/** The model that an operation uses by itself: the first that this server has, else the first; or null. */
export const usualModel = (
  operation: ModelOperation,
  isConfigured: IsConfigured,
): string | null => {
  const models = USUAL_MODELS[operation] ?? []
  const has = (model: string) => routesOf(model).some(isConfigured)
  return models.find(has) ?? models[0] ?? null
}

const routesOf = (model: string): readonly ModelChoice[] =>
  Object.keys(findModel(model)?.routes ?? {}).map((provider) => ({ model, provider }))

/** Names carry versions in some plans; the table has one of each. */
const known = (model: string): string =>
  findModel(model) === null ? model : (model.split(':', 1)[0] ?? model)

const placed = ({ model, provider }: WantedModel, isConfigured: IsConfigured): ModelChoice => {
  const name = known(model)
  if (provider !== undefined) return { model: name, provider }
  const routes = routesOf(name)
  return routes.find(isConfigured) ?? routes[0] ?? { model: name, provider: '' }
}

/**
 * Who is asked, in this order: the model at its provider, then the alternatives that the plan names, or
 * else the usual ones that this server has. Each once.
 */
export const choicesOf = (
  wanted: WantedModel,
  fallbacks: readonly WantedModel[] | undefined,
  isConfigured: IsConfigured,
): readonly ModelChoice[] => {
  const first = placed(wanted, isConfigured)
  const others =
    fallbacks === undefined
      ? fallbacksFor(first).filter(isConfigured)
      : fallbacks.map((fallback) => placed(fallback, isConfigured))
  const seen = new Set<string>()
  return [first, ...others].filter(({ model, provider }) => {
    const key = `${model} ${provider}`
    return !seen.has(key) && seen.add(key)
  })
}
