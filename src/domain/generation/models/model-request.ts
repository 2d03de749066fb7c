import { MediaError } from '../../failures.ts'
import type { ModelChoice } from '../plan.ts'
import { PARAM_NAMES, type ParamRule, type ReadyParams } from './model-facts.ts'
import { findModel, findRoute } from './table.ts'

/** A value as near to what was asked for as a rule allows, or undefined: the model chooses. An
 * alternative to the model that a plan was written for seldom has the same durations. */
const fitted = (value: unknown, rule: ParamRule): unknown => {
  if (rule.kind === 'number' && typeof value === 'number') {
    const within = Math.max(rule.min, Math.min(value, rule.max))
    return rule.whole ? Math.round(within) : within
  }
  if (rule.kind === 'choice' && !rule.of.includes(value as string)) {
    return typeof value === 'number' ? nearestNumber(value, rule.of) : (rule.default ?? undefined)
  }
  if (rule.kind === 'text' && typeof value === 'string' && value.length > rule.lengthMax) {
    // A plan's own texts were judged before; this one another job has written.
    throw new MediaError('PROVIDER_REJECTED', `a text of ${value.length} characters is too long`)
  }
  if (rule.kind === 'files' && Array.isArray(value)) return value.slice(0, rule.countMax)
  return value
}

const nearestNumber = (value: number, choices: readonly (string | number)[]) =>
  choices
    .filter((choice) => typeof choice === 'number')
    .toSorted((a, b) => Math.abs(a - value) - Math.abs(b - value))[0]

/** The parameters as far as a model takes them. */
const fittedParams = (model: string, params: ReadyParams): ReadyParams => {
  const takes = findModel(model)?.takes ?? {}
  const fit = (name: string, value: unknown): [unknown] | [] => {
    const rule = Object.hasOwn(takes, name) ? takes[name] : undefined
    return rule === undefined || value === undefined ? [] : [fitted(value, rule)]
  }
  const { extra = {}, ...named } = params
  const fields = Object.entries(named).flatMap(([field, value]) =>
    fit(PARAM_NAMES[field as keyof typeof PARAM_NAMES], value).map((kept) => [field, kept]),
  )
  const own = Object.entries(extra).flatMap(([name, value]) =>
    fit(name, value).map((kept) => [name, kept]),
  )
  return { ...Object.fromEntries(fields), extra: Object.fromEntries(own) } as ReadyParams
}

/**
 * What a provider is sent for a job: its own name for the model, and the body. What the model does not
 * take is left out, and what it takes only in part is brought near. *Errors:* INPUT_INVALID for a choice
 * that the table does not have; PROVIDER_REJECTED for a text that is longer than the model takes.
 */
export const modelRequest = (
  choice: ModelChoice,
  params: ReadyParams,
): { readonly model: string; readonly body: Readonly<Record<string, unknown>> } => {
  const route = findRoute(choice)
  if (route === null) {
    throw new MediaError('INPUT_INVALID', `no model ${choice.model} at ${choice.provider}`)
  }
  const fit = fittedParams(choice.model, params)
  return { model: route.modelFor?.(fit) ?? route.model, body: route.body(fit) }
}
