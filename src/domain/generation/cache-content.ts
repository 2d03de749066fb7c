import { findRoute } from './models/table.ts'
import type { JobSource } from './job-params.ts'
import type { PlanJob } from './plan.ts'
import { replaceSources } from './replace-sources.ts'

/** Raised when what we make ourselves changes so much that nobody would want the older results. */
const VERSION = 1

/** JSON that is the same for equal values, whatever order their fields were written in. */
const canonicalJson = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const fields = Object.entries(value)
    .filter(([, part]) => part !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, part]) => `${JSON.stringify(name)}:${canonicalJson(part)}`)
  return `{${fields.join(',')}}`
}

/**
 * Everything that decides what a job makes: two jobs with the same content have the same result. The
 * model counts in the version that its provider runs; which jobs a job waits for and what it is called
 * do not count. *Inputs:* `identityOf` names what a source holds, such as by its hash. `freshFor`: this
 * job's result is meant to differ from all before.
 */
export const cacheContent = (
  job: PlanJob,
  inputs: {
    readonly identityOf: (source: JobSource) => string
    readonly freshFor: string | null
  },
): string => {
  const [choice] = 'choices' in job ? job.choices : []
  const model =
    choice === undefined ? null : { name: choice.model, version: findRoute(choice)?.model ?? null }
  return canonicalJson({
    version: VERSION,
    operation: job.operation,
    model,
    params: replaceSources(job.params, inputs.identityOf),
    freshFor: inputs.freshFor,
  })
}
