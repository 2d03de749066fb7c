import type { ExecuteStatusAnswer } from '../contracts/http/generations/execute.ts'
import type {
  GenerationAnswer,
  GenerationJobAnswer,
  JobResultAnswer,
} from '../contracts/http/generations/generation.ts'
import type { ExecutionDetails } from '../db/repositories/executions.ts'
import type { GenerationJob, GenerationRun } from '../db/repositories/generations.ts'
import {
  executeJobStatusOf,
  executeStatusOf,
  type ExecuteStatus,
} from '../domain/generation/execute-dialect.ts'
import { mainResult } from '../domain/generation/graph.ts'
import { OPERATIONS } from '../domain/generation/operations.ts'
import type { JobResult } from '../domain/generation/plan.ts'
import { isExecutionOver, type StepStatus } from '../domain/statuses.ts'
import { jobStep } from '../domain/steps.ts'
import { temporalUrl, type Presenting } from './present-execution.ts'
import { isoOrNull, publishedUrl, type UrlSigning } from './presenters.ts'

const presentResult = async (signing: UrlSigning, result: JobResult): Promise<JobResultAnswer> => {
  const { storageKey, sha256: _, ...facts } = result
  return { ...facts, url: await publishedUrl(signing, storageKey) }
}

const presentJob = async (
  signing: UrlSigning,
  row: GenerationJob,
  step: ExecutionDetails['steps'][number] | undefined,
): Promise<GenerationJobAnswer> => {
  const [choice] = 'choices' in row.job ? row.job.choices : []
  return {
    id: row.jobId,
    operation: row.job.operation,
    parentId: row.parentId,
    status: step?.status ?? 'pending',
    attempts: step?.attempts ?? 0,
    model: row.model ?? choice?.model ?? null,
    provider: row.provider ?? choice?.provider ?? null,
    providerJobId: row.handle?.id ?? null,
    waitingFor: row.waitingFor,
    cacheHit: row.cacheHit,
    credits: isUnpaid(step?.status) ? 0 : (step?.priceCredits ?? row.upperCredits),
    startedAt: isoOrNull(step?.startedAt ?? null),
    finishedAt: isoOrNull(step?.finishedAt ?? null),
    error: step?.error ?? null,
    result: row.result === null ? null : await presentResult(signing, row.result),
  }
}

/** What came to nothing costs nothing. */
const isUnpaid = (status: StepStatus | undefined): boolean =>
  status === 'failed' || status === 'canceled'

/** What is in work, in words: the first of it, and how much there is beside it. */
const currentOperation = (jobs: readonly GenerationJobAnswer[]): string | null => {
  const running = jobs.filter(({ status }) => status === 'processing')
  const [first] = running
  if (first === undefined) return null
  const { summary } = OPERATIONS[first.operation]
  return running.length === 1 ? summary : `${summary}, and ${running.length - 1} more`
}

const mainJobId = ({ generation }: GenerationRun): string | null =>
  mainResult(generation.jobs.filter(({ parentId }) => parentId === null).map(({ job }) => job))

/** A plan and how far it is. Its URLs are signed now. */
export const presentGeneration = async (
  presenting: Presenting,
  run: GenerationRun,
): Promise<GenerationAnswer> => {
  const { execution, generation } = run
  const steps = new Map(execution.steps.map((step) => [step.name, step]))
  const jobs = await Promise.all(
    generation.jobs.map((row) => presentJob(presenting, row, steps.get(jobStep(row.jobId)))),
  )
  const mainId = mainJobId(run)
  const { heldCredits, capturedCredits, refundedCredits } = execution.credits
  return {
    id: execution.id,
    workflowId: execution.workflowId,
    status: execution.status,
    error: execution.error,
    completed: jobs.filter(({ status }) => status === 'completed').length,
    total: jobs.length,
    currentOperation: isExecutionOver(execution.status) ? null : currentOperation(jobs),
    waitingFor: jobs.find(({ waitingFor }) => waitingFor !== null)?.waitingFor ?? null,
    maxCredits: generation.maxCredits,
    baseExecutionId: generation.baseExecutionId,
    credits: { held: heldCredits, captured: capturedCredits, refunded: refundedCredits },
    jobs,
    result: jobs.find(({ id }) => id === mainId)?.result ?? null,
    temporalUrl: temporalUrl(presenting, execution.workflowId),
    createdAt: execution.createdAt.toISOString(),
    finishedAt: isoOrNull(execution.finishedAt),
  }
}

/** Programs of that dialect know no other place for it. */
const waitInWords = ({ waitingFor }: GenerationAnswer): string | null =>
  waitingFor === null ? null : `waiting for ${waitingFor}`

const executeResult = (result: JobResultAnswer | null, status: ExecuteStatus) =>
  result === null ? null : { ...result, status }

/** The same in the published dialect. */
export const presentExecuteStatus = async (
  presenting: Presenting,
  run: GenerationRun,
): Promise<ExecuteStatusAnswer> => {
  const seen = await presentGeneration(presenting, run)
  const status = executeStatusOf(seen.status, seen.result !== null)
  return {
    id: seen.id,
    status,
    jobs: seen.jobs.map((job) => {
      const jobStatus = executeJobStatusOf(job.status)
      return {
        id: job.id,
        operation: job.operation,
        status: jobStatus,
        result: executeResult(job.result, jobStatus),
        error: job.error?.message ?? null,
      }
    }),
    result: executeResult(seen.result, status),
    error: status === 'failed' ? (seen.error?.message ?? 'The execution was canceled.') : null,
    currentJob: seen.currentOperation ?? waitInWords(seen),
    progress: seen.total === 0 ? 0 : Math.round((seen.completed / seen.total) * 100),
    totalJobs: seen.total,
    completedJobs: seen.completed,
    createdAt: seen.createdAt,
    completedAt: seen.finishedAt,
  }
}
