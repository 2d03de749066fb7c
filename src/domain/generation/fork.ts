/** What a changed plan keeps of what the plan before it has made. */

import { cacheContent } from './cache-content.ts'
import type { JobSource } from './job-params.ts'
import type { PlanJob } from './plan.ts'
import { inputsOf } from './sources.ts'

/** All that a job's result depends on. Results that it uses are named here, and compared by their jobs. */
const contentOf = (job: PlanJob): string => cacheContent(job, { identityOf, freshFor: null })

const identityOf = (source: JobSource): string => {
  if (source.from === 'job') return `job ${source.jobId}`
  return source.from === 'url' ? `url ${source.url}` : `medium ${source.mediaId}`
}

/**
 * The jobs of the plan `after` whose results would be those of `before`: the same job under the same id,
 * made of the same files and of jobs of which that is true as well. A job of `fresh` is made anew, and
 * so is all that comes of it. *Guarantee:* answers for circles too.
 */
export const unchangedJobs = (
  before: readonly PlanJob[],
  after: readonly PlanJob[],
  fresh: ReadonlySet<string>,
): ReadonlySet<string> => {
  const known = new Map(before.map((job) => [job.id, contentOf(job)]))
  const kept = new Set(
    after
      .filter((job) => !fresh.has(job.id) && known.get(job.id) === contentOf(job))
      .map(({ id }) => id),
  )
  const users = usersOf(after)
  const open = after.filter(({ id }) => !kept.has(id)).map(({ id }) => id)
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    for (const user of users.get(id) ?? []) {
      if (kept.delete(user)) open.push(user)
    }
  }
  return kept
}

/** Of each job those that are made of its result. */
const usersOf = (jobs: readonly PlanJob[]): ReadonlyMap<string, readonly string[]> => {
  const users = new Map<string, string[]>()
  for (const job of jobs) {
    for (const { source } of inputsOf(job)) {
      if (source.from !== 'job') continue
      users.set(source.jobId, [...(users.get(source.jobId) ?? []), job.id])
    }
  }
  return users
}
