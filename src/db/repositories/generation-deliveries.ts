import { and, eq, isNotNull, notInArray, sql } from 'drizzle-orm'
import { MediaError, publicFailure, type FailureCode } from '../../domain/failures.ts'
import type { JobWait } from '../../domain/generation/model-order.ts'
import type { JobResult } from '../../domain/generation/plan.ts'
import { isExecutionOver } from '../../domain/statuses.ts'
import { jobStep } from '../../domain/steps.ts'
import type { Database, Transaction } from '../database.ts'
import { executions, executionSteps, generationJobs, generationResults } from '../schema/index.ts'
import { appendEvents } from './execution-events.ts'
import { lockExistingExecution } from './execution-lock.ts'
import { ofJob, type JobRef } from './generation-orders.ts'

export interface JobDelivered extends JobRef {
  readonly result: JobResult
  /** Null: no model has made it. */
  readonly model: string | null
  readonly provider: string | null
  readonly priceCredits: number
  /** What its provider takes of us; null: nothing, or nobody knows. */
  readonly costMicroUsd: number | null
  readonly cacheHit: boolean
  /** False for a job whose step goes on: others, which it adds, have to be done as well. */
  readonly endsStep: boolean
}

const ofStep = ({ executionId, jobId }: JobRef) =>
  and(eq(executionSteps.executionId, executionId), eq(executionSteps.name, jobStep(jobId)))

const priceOfStep = async (tx: Transaction, job: JobRef): Promise<number> => {
  const [step] = await tx
    .select({ priceCredits: executionSteps.priceCredits })
    .from(executionSteps)
    .where(ofStep(job))
  return step?.priceCredits ?? 0
}

/** Closes the step of a job, and tells so; one that is done already stays. */
const closeStep = async (
  tx: Transaction,
  job: JobRef,
  ending: { readonly now: Date; readonly failure: FailureCode | null },
): Promise<void> => {
  const { now, failure } = ending
  const error = failure === null ? null : publicFailure(failure)
  const status = failure === null ? 'completed' : 'failed'
  const [closed] = await tx
    .update(executionSteps)
    .set({
      status,
      error,
      startedAt: sql`coalesce(${executionSteps.startedAt}, ${now})`,
      finishedAt: now,
      ...(failure === null ? { progress: 100 } : {}),
    })
    .where(and(ofStep(job), notInArray(executionSteps.status, ['completed', 'skipped'])))
    .returning({ name: executionSteps.name, attempts: executionSteps.attempts })
  if (closed === undefined) return
  const { name: step, attempts } = closed
  await appendEvents(tx, job.executionId, [
    { type: 'step.status', data: { step, status, attempts, error } },
  ])
}

const deliver = async (tx: Transaction, delivered: JobDelivered, now: Date): Promise<number> => {
  const { executionId, jobId, result, model, provider, costMicroUsd, cacheHit } = delivered
  const status = await lockExistingExecution(tx, executionId)
  const [before] = await tx.select().from(generationJobs).where(ofJob(delivered)).for('update')
  if (before === undefined) throw new MediaError('NOT_FOUND', `no job ${jobId}`)
  // A repetition, or a plan that began with it: the price stands.
  const isKnown = before.result !== null && before.result.sha256 === result.sha256 && !cacheHit
  if (!isKnown) {
    await tx
      .update(generationJobs)
      .set({ result, model, provider, costMicroUsd, cacheHit, waitingFor: null })
      .where(ofJob(delivered))
    await tx
      .update(generationResults)
      .set({ state: 'done', result, model, provider })
      .where(
        and(
          eq(generationResults.ownerExecutionId, executionId),
          eq(generationResults.ownerJobId, jobId),
          eq(generationResults.state, 'claimed'),
        ),
      )
  }
  // Late work is kept for the next order, but an order that is over takes and costs nothing more.
  if (isExecutionOver(status)) return 0
  if (!isKnown) {
    // Never above what was held for it.
    const priceCredits = sql`least(${executionSteps.priceCredits}, ${delivered.priceCredits})`
    await tx.update(executionSteps).set({ priceCredits }).where(ofStep(delivered))
  }
  if (delivered.endsStep) await closeStep(tx, delivered, { now, failure: null })
  return await priceOfStep(tx, delivered)
}

const adopt = async (
  tx: Transaction,
  { executionId, jobId, fromJobId }: JobRef & { readonly fromJobId: string },
  now: Date,
): Promise<JobResult> => {
  const status = await lockExistingExecution(tx, executionId)
  const [from] = await tx
    .select({ result: generationJobs.result })
    .from(generationJobs)
    .where(ofJob({ executionId, jobId: fromJobId }))
  if (from?.result == null) throw new MediaError('NOT_FOUND', `job ${fromJobId} has no result`)
  const { result } = from
  await tx.update(generationJobs).set({ result }).where(ofJob({ executionId, jobId }))
  if (!isExecutionOver(status)) await closeStep(tx, { executionId, jobId }, { now, failure: null })
  return result
}

const fail = async (
  tx: Transaction,
  { executionId, jobId, failure }: JobRef & { readonly failure: FailureCode },
  now: Date,
): Promise<void> => {
  const status = await lockExistingExecution(tx, executionId)
  await tx.update(generationJobs).set({ waitingFor: null }).where(ofJob({ executionId, jobId }))
  await tx
    .delete(generationResults)
    .where(
      and(
        eq(generationResults.ownerExecutionId, executionId),
        eq(generationResults.ownerJobId, jobId),
        eq(generationResults.state, 'claimed'),
      ),
    )
  if (!isExecutionOver(status)) await closeStep(tx, { executionId, jobId }, { now, failure })
}

/** The execution is stalled for as long as one of its jobs waits for somebody outside. */
const markWaiting = async (
  tx: Transaction,
  { executionId, jobId, waitingFor }: JobRef & { readonly waitingFor: JobWait | null },
): Promise<void> => {
  const status = await lockExistingExecution(tx, executionId)
  if (isExecutionOver(status)) return
  await tx.update(generationJobs).set({ waitingFor }).where(ofJob({ executionId, jobId }))
  const [waiting] = await tx
    .select({ jobId: generationJobs.jobId })
    .from(generationJobs)
    .where(and(eq(generationJobs.executionId, executionId), isNotNull(generationJobs.waitingFor)))
    .limit(1)
  const next = waiting === undefined ? 'processing' : 'stalled'
  if (next === status) return
  await tx.update(executions).set({ status: next }).where(eq(executions.id, executionId))
  await appendEvents(tx, executionId, [
    { type: 'execution.status', data: { status: next, error: null } },
  ])
}

/** How the jobs of a plan end and wait. Each change is one transaction over the job, its step with its
 * price, the cache, and what listeners are told. *Errors:* NOT_FOUND. */
export const createGenerationDeliveries = ({
  database,
  clock,
}: {
  readonly database: Database
  readonly clock: () => Date
}) => ({
  /** Ends a job with a result, at the price of what was delivered; answers that price. *Idempotent.* */
  deliver: (delivered: JobDelivered): Promise<number> =>
    database.transaction((tx) => deliver(tx, delivered, clock())),

  /** Ends a job with the result of another one of its plan, at the price that its step has. */
  adopt: (request: JobRef & { readonly fromJobId: string }): Promise<JobResult> =>
    database.transaction((tx) => adopt(tx, request, clock())),

  /** Ends a job without a result, for this round: whoever makes the same may begin. *Idempotent.* */
  failJob: (request: JobRef & { readonly failure: FailureCode }): Promise<void> =>
    database.transaction((tx) => fail(tx, request, clock())),

  markWaiting: (request: JobRef & { readonly waitingFor: JobWait | null }): Promise<void> =>
    database.transaction((tx) => markWaiting(tx, request)),
})
