/** What lies outside the plan: addresses and money. */

import type { Finding } from '../finding.ts'
import { inputsOf } from '../sources.ts'
import type { LintRule } from './lint-subject.ts'

/** Addresses that cannot be fetched. */
export const badSources: LintRule = ({ jobs, sourceProblems }) =>
  jobs.flatMap((job) =>
    inputsOf(job).flatMap(({ source, path }): Finding[] => {
      const problem = source.from === 'url' ? sourceProblems.get(source.url) : undefined
      if (problem === undefined) return []
      return [
        {
          ...{ rule: 'source-unreachable', severity: problem.severity, jobId: job.id, path },
          message: `The address ${problem.message}.`,
          fix: 'Give a public http(s) address, or upload the file with POST /v1/media.',
        },
      ]
    }),
  )

/** The limit that the plan sets itself, and what the account has. */
export const costs: LintRule = ({ estimate, maxCredits, availableCredits }) => {
  const { lowerCredits, upperCredits } = estimate
  const range =
    lowerCredits === upperCredits ? `${upperCredits}` : `${lowerCredits} to ${upperCredits}`
  const at = { severity: 'warning', jobId: null, path: 'maxCredits' } as const
  const overLimit: Finding[] =
    maxCredits !== null && upperCredits > maxCredits
      ? [
          {
            ...{ rule: 'cost-over-limit', ...at },
            message: `The plan costs ${range} credits, and may cost ${maxCredits}: it ${lowerCredits > maxCredits ? 'will stop' : 'may stop'} before its end and wait.`,
            fix: 'Raise `maxCredits`, now or while it waits.',
          },
        ]
      : []
  const overBalance: Finding[] =
    availableCredits !== null && upperCredits > availableCredits
      ? [
          {
            ...{ rule: 'credits-insufficient', ...at },
            message: `The plan holds ${upperCredits} credits, and the account has ${availableCredits}.`,
            fix: 'Top the account up, or make the plan smaller.',
          },
        ]
      : []
  return [...overLimit, ...overBalance]
}
