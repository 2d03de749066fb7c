/** What a model cannot do with the parameters that it is given. */

import { PARAM_NAMES, type ModelFacts, type ParamRule } from '../models/model-facts.ts'
import type { ModelParams } from '../job-params.ts'
import { quoted } from './lint-subject.ts'

/** One parameter that a model refuses or does not look at. */
export interface ParamFinding {
  readonly rule:
    | 'parameter-unknown'
    | 'parameter-ignored'
    | 'parameter-invalid'
    | 'parameter-missing'
    | 'text-too-long'
  readonly severity: 'error' | 'warning'
  /** As plans write it. */
  readonly name: string
  readonly message: string
  readonly fix: string
}

/** The parameters of a job under the names that plans write, without references to texts. */
const writtenParams = ({ extra = {}, ...named }: ModelParams): ReadonlyMap<string, unknown> => {
  const written = Object.entries(named).map(([field, value]): readonly [string, unknown] => [
    PARAM_NAMES[field as keyof typeof PARAM_NAMES],
    value,
  ])
  const all = [...written, ...Object.entries(extra)]
  return new Map(all.filter(([, value]) => value !== undefined))
}

const finding = (
  rule: ParamFinding['rule'],
  name: string,
  message: string,
  fix: string,
): ParamFinding => ({ rule, severity: 'error', name, message, fix })

const isSource = (value: unknown): boolean => typeof value === 'object' && value !== null

/** What is wrong with a value, and how to mend it; null: nothing. */
const refusal = (value: unknown, rule: ParamRule): readonly [string, string] | null => {
  switch (rule.kind) {
    case 'text':
      // The text of another job is measured when it is there.
      if (isSource(value)) return null
      return typeof value === 'string' ? null : ['is not a text', 'Give a text.']
    case 'choice': {
      const isChoice = rule.of.includes(value as string)
      return isChoice ? null : [`cannot be ${quoted(value)}`, `Use one of: ${rule.of.join(', ')}.`]
    }
    case 'number':
      if (typeof value !== 'number') return ['is not a number', 'Give a number.']
      if (value < rule.min || value > rule.max) {
        return [`cannot be ${value}`, `Use ${rule.min} to ${rule.max}.`]
      }
      return rule.whole && !Number.isInteger(value)
        ? [`cannot be ${value}`, `Use a whole number from ${rule.min} to ${rule.max}.`]
        : null
    case 'flag':
      return typeof value === 'boolean' ? null : ['is neither true nor false', 'Use true or false.']
    case 'files':
      return Array.isArray(value) && value.length > rule.countMax
        ? [`cannot be ${value.length + 1} images`, `Give ${rule.countMax + 1} at most.`]
        : null
    case 'file':
    case 'schema':
      return null
  }
}

const lengthRefusal = (name: string, value: unknown, rule: ParamRule): readonly ParamFinding[] =>
  rule.kind === 'text' && typeof value === 'string' && value.length > rule.lengthMax
    ? [
        finding(
          'text-too-long',
          name,
          `${quoted(name)} has ${value.length} characters, and the model takes ${rule.lengthMax}.`,
          'Shorten it, or split it into several jobs.',
        ),
      ]
    : []

/** Parameters that mean a file, without which the result would be another. */
const FILES: ReadonlySet<string> = new Set([
  ...['image', 'furtherImages', 'endImage', 'audio', 'video', 'transcript'],
])

/** A parameter that the model does not take: a slip of the pen, or meant for another model. */
const untaken = (
  name: string,
  facts: ModelFacts,
  other: { readonly isKnown: boolean; readonly fix: string },
): ParamFinding => {
  const known = Object.keys(facts.takes).join(', ')
  if (FILES.has(name)) {
    const shown = name === 'furtherImages' ? 'several images' : quoted(name)
    const fix = `It takes: ${known}.`
    return finding('parameter-invalid', name, `The model does not take ${shown}.`, fix)
  }
  if (!other.isKnown) {
    return finding('parameter-unknown', name, `The model knows no ${quoted(name)}.`, other.fix)
  }
  return {
    ...{ rule: 'parameter-ignored', severity: 'warning', name },
    message: `The model does not look at ${quoted(name)}.`,
    fix: `Leave it out. It takes: ${known}.`,
  }
}

/** Everything that a model has against some parameters. */
export const paramFindings = (
  params: ModelParams,
  facts: ModelFacts,
  other: (name: string) => { readonly isKnown: boolean; readonly fix: string },
): readonly ParamFinding[] => {
  const written = writtenParams(params)
  const refused = [...written].flatMap(([name, value]): readonly ParamFinding[] => {
    const rule = Object.hasOwn(facts.takes, name) ? facts.takes[name] : undefined
    if (rule === undefined) return [untaken(name, facts, other(name))]
    const wrong = refusal(value, rule)
    return wrong === null
      ? lengthRefusal(name, value, rule)
      : [finding('parameter-invalid', name, `${quoted(name)} ${wrong[0]}.`, wrong[1])]
  })
  const missing = facts.needs
    .filter((names) => !names.some((name) => written.has(name)))
    .map((names) => {
      const [first = ''] = names
      const either = names.map(quoted).join(' or ')
      return finding('parameter-missing', first, `The model needs ${either}.`, `Give ${either}.`)
    })
  return [...refused, ...missing]
}
