import type {
  GenerationActivities,
  PlannedJob,
  PlanTerms,
} from '../../contracts/generation-activities.ts'
import type { GenerationJob } from '../../db/repositories/generations.ts'
import { MediaError } from '../../domain/failures.ts'
import { dependenciesOf, planGraph, resultJobs } from '../../domain/generation/graph.ts'
import { OPERATIONS } from '../../domain/generation/operations.ts'
import { inputsOf } from '../../domain/generation/sources.ts'
import type { ActivityDependencies, ActivitySettings } from '../dependencies.ts'

/** As much as leaves room below the limit of a result. */
const PAGE_BYTES_MAX = 24 * 1024

/** Jobs of one plan in work at a time. Providers have limits of their own; this bounds what one workflow
 * has open. */
const JOBS_AT_ONCE = 50

/**
 * The plan as its workflow needs it, page by page: jobs that `expand` adds later are read as the pages
 * after the first. *Errors:* NOT_FOUND (final); DATABASE_UNAVAILABLE (retried).
 */
export const openPlan =
  ({ generations, settings }: ActivityDependencies): GenerationActivities['openPlan'] =>
  async ({ executionId, earlierCount }) => {
    const [generation, rows, spentCredits] = await Promise.all([
      generations.generationOf(executionId),
      generations.jobsOf(executionId),
      generations.spentCredits(executionId),
    ])
    if (generation === null) throw new MediaError('NOT_FOUND', `no plan of ${executionId}`)
    const ordered = rows.filter(({ parentId }) => parentId === null).map(({ job }) => job)
    const outputs = new Set(resultJobs(planGraph(ordered)).map(({ id }) => id))
    const left = rows.slice(earlierCount).map((row) => plannedJob(row, outputs))
    const jobs = onePage(left)
    return {
      jobs,
      isLast: jobs.length === left.length,
      maxCredits: generation.maxCredits,
      spentCredits,
      terms: termsOf(settings),
    }
  }

const plannedJob = (row: GenerationJob, outputs: ReadonlySet<string>): PlannedJob => {
  const { jobId, parentId, job, upperCredits, result } = row
  const kind = job.operation === 'expand' ? 'expand' : OPERATIONS[job.operation].by
  return {
    id: jobId,
    needs: dependenciesOf(job),
    kind,
    upperCredits,
    isOutput: parentId === null && outputs.has(jobId),
    // What is there already needs none, and these may be gone.
    hasSources: result === null && inputsOf(job).some(({ source }) => source.from === 'url'),
  }
}

/** At least one, so that there is an end to it. */
const onePage = (jobs: readonly PlannedJob[]): readonly PlannedJob[] => {
  let sizeBytes = 0
  const end = jobs.findIndex((job, index) => {
    sizeBytes += Buffer.byteLength(JSON.stringify(job)) + 1
    return index > 0 && sizeBytes > PAGE_BYTES_MAX
  })
  return end === -1 ? jobs : jobs.slice(0, end)
}

const termsOf = (settings: ActivitySettings): PlanTerms => ({
  parallelCount: JOBS_AT_ONCE,
  pollIntervalMs: settings.pollIntervalMs,
  stallTimeoutMs: settings.stallTimeoutMs,
  modelTimeoutMs: settings.modelTimeoutMs,
  graceMs: settings.stalledGraceMs,
})
