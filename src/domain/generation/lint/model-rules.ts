/** Models, their providers and their limits. */

import type { Finding } from '../finding.ts'
import { resultLengths } from '../lengths.ts'
import { PARAM_NAMES, type ModelFacts } from '../models/model-facts.ts'
import { findModel, MODELS, PROVIDERS } from '../models/table.ts'
import type { ModelChoice, ModelJob } from '../plan.ts'
import { meant, quoted, type LintRule, type LintSubject } from './lint-subject.ts'
import { paramFindings } from './param-findings.ts'

/** Every parameter that any model knows. */
const KNOWN_PARAMS: ReadonlySet<string> = new Set([
  ...Object.values(PARAM_NAMES),
  ...Object.values<ModelFacts>(MODELS).flatMap(({ takes }) => Object.keys(takes)),
])

const modelJobs = (subject: LintSubject): readonly ModelJob[] =>
  subject.jobs.flatMap((job) => ('choices' in job ? [job] : []))

/** A text model writes what is expanded. */
const workOf = ({ operation }: ModelJob) => (operation === 'expand' ? 'generateText' : operation)

type Complaint = Pick<Finding, 'rule' | 'message' | 'fix'> & { readonly of: 'model' | 'provider' }

/** What is wrong with a choice itself; null: it can be asked. */
const complaint = (
  job: ModelJob,
  { model, provider }: ModelChoice,
  subject: LintSubject,
): Complaint | null => {
  const facts = findModel(model)
  if (facts === null) {
    const alike = Object.entries<ModelFacts>(MODELS)
      .filter(([, { operation }]) => operation === workOf(job))
      .map(([name]) => name)
    return {
      ...{ of: 'model', rule: 'model-unknown' },
      message: `There is no model ${quoted(model)}.`,
      fix: meant(subject, model, alike),
    }
  }
  if (facts.operation !== workOf(job)) {
    return {
      ...{ of: 'model', rule: 'model-mismatch' },
      message: `${quoted(model)} is for ${facts.operation}, and the job is ${job.operation}.`,
      fix: `Use a model for ${workOf(job)}: GET /v1/generations/models lists them.`,
    }
  }
  const providers = Object.keys(facts.routes)
  if (providers.includes(provider)) return null
  const isKnown = PROVIDERS.includes(provider)
  return {
    ...{ of: 'provider', rule: 'provider-unknown' },
    message: isKnown
      ? `${quoted(provider)} does not run ${quoted(model)}.`
      : `There is no provider ${quoted(provider)}.`,
    fix: isKnown ? `Use one of: ${providers.join(', ')}.` : meant(subject, provider, providers),
  }
}

/** Models and providers that are not there. */
export const unknownModels: LintRule = (subject) =>
  modelJobs(subject).flatMap((job) =>
    job.choices.flatMap((choice, index): Finding[] => {
      const wrong = complaint(job, choice, subject)
      if (wrong === null) return []
      const { of, ...rest } = wrong
      const path = index === 0 ? `params.${of}` : `fallbacks.${index - 1}.${of}`
      return [{ ...rest, severity: index === 0 ? 'error' : 'warning', jobId: job.id, path }]
    }),
  )

/** Providers whose key this server does not have. A job needs one that it can ask. */
export const missingKeys: LintRule = (subject) =>
  modelJobs(subject).flatMap((job) => {
    const known = job.choices
      .map((choice, index) => ({ choice, index }))
      .filter(({ choice }) => complaint(job, choice, subject) === null)
    const isStuck = known.every(({ choice }) => subject.missingSetting(choice) !== null)
    return known.flatMap(({ choice, index }): Finding[] => {
      const setting = subject.missingSetting(choice)
      if (setting === null) return []
      return [
        {
          rule: 'provider-not-configured',
          severity: isStuck ? 'error' : 'warning',
          jobId: job.id,
          path: index === 0 ? 'params.provider' : `fallbacks.${index - 1}`,
          message: `${quoted(choice.model)} at ${quoted(choice.provider)} needs the setting ${setting}, which this server does not have.`,
          fix: isStuck
            ? 'Ask whoever runs the server, or choose another provider.'
            : 'Leave it out: its alternatives are asked instead.',
        },
      ]
    })
  })

/** Parameters against the limits of the model, and of the alternatives that the plan names. */
export const modelLimits: LintRule = (subject) =>
  modelJobs(subject).flatMap((job) => {
    if (job.operation === 'expand') return []
    const { params } = job
    return job.choices.flatMap((choice, index) => {
      if (index > 0 && !subject.namesFallbacks.has(job.id)) return []
      const facts = findModel(choice.model)
      if (facts === null || facts.operation !== job.operation) return []
      const names = Object.keys(facts.takes)
      const wrong = paramFindings(params, facts, (name) => ({
        isKnown: KNOWN_PARAMS.has(name),
        fix: meant(subject, name, names),
      }))
      return index === 0
        ? wrong.map(({ name, ...rest }): Finding => ({
            ...{ ...rest, jobId: job.id },
            path: `params.${name === 'furtherImages' ? 'image' : name}`,
          }))
        : differences(job.id, choice, index, wrong)
    })
  })

/** An alternative is asked with what it takes, brought near; that is said, not refused. */
const differences = (
  jobId: string,
  { model }: ModelChoice,
  index: number,
  wrong: readonly { readonly message: string }[],
): readonly Finding[] =>
  wrong.length === 0
    ? []
    : [
        {
          ...{ rule: 'fallback-differs', severity: 'warning', jobId },
          path: `fallbacks.${index - 1}`,
          message: `${quoted(model)} differs: ${wrong.map(({ message }) => message).join(' ')}`,
          fix: 'It is asked with what comes nearest; choose another if that will not do.',
        },
      ]

/** Recordings that are longer than a model takes. */
export const longInputs: LintRule = (subject) => {
  const lengthOf = resultLengths(subject.jobs, subject.mediumOf)
  return modelJobs(subject).flatMap((job) => {
    if (job.operation === 'expand') return []
    const takes = findModel(job.choices[0]?.model ?? '')?.takes ?? {}
    return (['audio', 'video'] as const).flatMap((name): Finding[] => {
      const source = job.params[name]
      const rule = takes[name]
      if (source === undefined || rule?.kind !== 'file') return []
      const most = rule.durationSecondsMax ?? Infinity
      const { lowerSeconds } = lengthOf(source)
      if (lowerSeconds <= most) return []
      return [
        {
          ...{ rule: 'input-too-long', severity: 'error', jobId: job.id, path: `params.${name}` },
          message: `It is ${Math.ceil(lowerSeconds)} s long, and the model takes ${most} s.`,
          fix: 'Cut it first with a `trim` job.',
        },
      ]
    })
  })
}
