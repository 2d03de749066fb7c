import { text } from 'node:stream/consumers'
import type { GenerationActivities } from '../../contracts/generation-activities.ts'
import { MediaError } from '../../domain/failures.ts'
import { estimatePlan } from '../../domain/generation/estimate.ts'
import type { PlanJob } from '../../domain/generation/plan.ts'
import {
  isHalfExpanded,
  jobsOfScenes,
  readScenes,
  type ExpandJob,
} from '../../domain/generation/scenes.ts'
import { jobStep } from '../../domain/steps.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { findJob, type OwnedJob } from './plan-job.ts'

/**
 * Adds the jobs of the scenes that a text model has written: as many of them, from the first, as what is
 * held for the job pays for, and a plan may have. *Idempotent:* what was added is answered again. *Errors:*
 * INSUFFICIENT_CREDITS and INPUT_INVALID (not even one), PROVIDER_OUTPUT_INVALID, NOT_FOUND (final).
 */
export const expandJob =
  (deps: ActivityDependencies): GenerationActivities['expandJob'] =>
  async ({ executionId, jobId }) => {
    const owned = await findJob(deps, { executionId, jobId })
    const { job, result, upperCredits } = owned.row
    if (job.operation !== 'expand' || result === null) {
      throw new MediaError('NOT_FOUND', `no scenes of ${jobId}`)
    }
    // The plan began with what an earlier expansion has made.
    if (!isHalfExpanded(job, result)) return { earlierCount: 0, resultJobId: null }
    const before = await deps.generations.addedBy({ executionId, jobId })
    if (before !== null) return before
    const { stream } = await deps.storage.open(result.storageKey)
    const written = await text(stream)
    const spentCredits = await priceOf(deps, owned)
    return await deps.generations.addJobs({
      ...{ executionId, jobId, heldCredits: upperCredits, spentCredits },
      added: await affordable(deps, owned, {
        job,
        written,
        creditsMax: upperCredits - spentCredits,
      }),
    })
  }

/** What the call has cost that wrote the scenes: nothing if it came to its end after a round of the order
 * had, for then the step still has the price of the whole. */
const priceOf = async (
  { executions }: ActivityDependencies,
  { account, row: { executionId, jobId, upperCredits } }: OwnedJob,
): Promise<number> => {
  const execution = await executions.find(account.id, executionId)
  const step = execution?.steps.find(({ name }) => name === jobStep(jobId))
  return step === undefined || step.priceCredits >= upperCredits ? 0 : step.priceCredits
}

const affordable = async (
  { generations, settings }: ActivityDependencies,
  { account, row: { executionId } }: OwnedJob,
  expansion: {
    readonly job: ExpandJob
    readonly written: string
    readonly creditsMax: number
  },
): Promise<{ job: PlanJob; upperCredits: number }[]> => {
  const { job, written, creditsMax } = expansion
  const taken = new Set((await generations.jobsOf(executionId)).map(({ jobId }) => jobId))
  const scenes = readScenes(written, job.params.scenesMax)
  const room = settings.planJobCountMax - taken.size
  if (jobsOfScenes(job, scenes.slice(0, 1)).length > room) {
    throw new MediaError('INPUT_INVALID', `the plan has no room for a scene of ${job.id}`)
  }
  for (let count = scenes.length; count > 0; count -= 1) {
    const jobs = freshlyNamed(job, (named) => jobsOfScenes(named, scenes.slice(0, count)), taken)
    if (jobs.length > room) continue
    const estimate = estimatePlan(jobs, { plan: account.plan })
    if (estimate.upperCredits > creditsMax) continue
    return jobs.map((added, index) => ({
      job: added,
      upperCredits: estimate.jobs[index]?.upperCredits ?? 0,
    }))
  }
  throw new MediaError('INSUFFICIENT_CREDITS', `no scene of ${job.id} is paid by ${creditsMax}`)
}

/** Jobs with names that the plan does not have yet. */
const freshlyNamed = (
  job: ExpandJob,
  jobsOf: (named: ExpandJob) => readonly PlanJob[],
  taken: ReadonlySet<string>,
): readonly PlanJob[] => {
  let named = job
  let jobs = jobsOf(named)
  while (jobs.some(({ id }) => taken.has(id))) {
    named = { ...named, id: `${named.id}_` }
    jobs = jobsOf(named)
  }
  return jobs
}

/** Makes the result of the last added job that of the job that added it. *Idempotent.* *Errors:*
 * NOT_FOUND when it has none. */
export const adoptResult =
  ({ generations }: ActivityDependencies): GenerationActivities['adoptResult'] =>
  async ({ executionId, jobId, resultJobId }) => {
    const { storageKey } = await generations.adopt({ executionId, jobId, fromJobId: resultJobId })
    return { priceCredits: 0, outputKey: storageKey }
  }
