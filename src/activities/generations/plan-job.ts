import type { JobInput } from '../../contracts/generation-activities.ts'
import type { Account } from '../../db/repositories/accounts.ts'
import type { GenerationJob } from '../../db/repositories/generations.ts'
import { MediaError } from '../../domain/failures.ts'
import type { ExecutionId } from '../../domain/ids.ts'
import type { ModelChoice } from '../../domain/generation/plan.ts'
import type { ActivityDependencies } from '../dependencies.ts'

/** A job of a plan as activities work on it: its row, and whose it is. */
export interface OwnedJob {
  readonly account: Account
  readonly row: GenerationJob
}

/** Jobs of one plan, in the order in which they are named. *Errors:* NOT_FOUND (final). */
export const findJobs = async (
  { generations }: Pick<ActivityDependencies, 'generations'>,
  executionId: ExecutionId,
  jobIds: readonly string[],
): Promise<readonly OwnedJob[]> => {
  const found = await generations.ownedJobsOf(executionId, jobIds)
  const jobs = new Map(found.map((job) => [job.row.jobId, job]))
  return jobIds.map((jobId) => {
    const job = jobs.get(jobId)
    if (job !== undefined) return job
    throw new MediaError('NOT_FOUND', `no job ${jobId} in the plan of ${executionId}`)
  })
}

/** *Errors:* NOT_FOUND (final). */
export const findJob = async (
  deps: Pick<ActivityDependencies, 'generations'>,
  { executionId, jobId }: JobInput,
): Promise<OwnedJob> => {
  const [job] = await findJobs(deps, executionId, [jobId])
  return job!
}

/** Who was given the newest order of a job. *Errors:* NOT_FOUND when there is none. */
export const choiceOf = ({ jobId, model, provider }: GenerationJob): ModelChoice => {
  if (model !== null && provider !== null) return { model, provider }
  throw new MediaError('NOT_FOUND', `nobody was given job ${jobId}`)
}
