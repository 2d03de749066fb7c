import { and, eq, inArray, isNotNull, notInArray, sql, type SQL } from 'drizzle-orm'
import { MediaError, publicFailure, type FailureCode } from '../../domain/failures.ts'
import type { JobWait } from '../../domain/generation/model-order.ts'
import type { JobResult } from '../../domain/generation/plan.ts'
import { isExecutionOver } from '../../domain/statuses.ts'
import { jobStep } from '../../domain/steps.ts'
import type { ExecutionId } from '../../domain/ids.ts'
import type { Database, Transaction } from '../database.ts'
import { executions, executionSteps, generationJobs, generationResults } from '../schema/index.ts'
import { appendEvents, type ExecutionNews } from './execution-events.ts'
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
  /** False for a job whose step goes on: others, which it adds, have to be done as well. */
  readonly endsStep: boolean
}

/** Jobs of a plan whose results were there before. */
export interface TakenResults {
  readonly executionId: ExecutionId
  readonly taken: readonly Omit<JobDelivered, 'executionId' | 'priceCredits'>[]
}

interface StepsEnding {
  readonly now: Date
  readonly failure: FailureCode | null
  readonly priceCredits?: number | SQL
}

const ofSteps = (executionId: ExecutionId, jobIds: readonly string[]) =>
  and(
    eq(executionSteps.executionId, executionId),
    inArray(executionSteps.name, jobIds.map(jobStep)),
  )

const priceOfStep = async (tx: Transaction, { executionId, jobId }: JobRef): Promise<number> => {
  const [step] = await tx
    .select({ priceCredits: executionSteps.priceCredits })
    .from(executionSteps)
    .where(ofSteps(executionId, [jobId]))
  return step?.priceCredits ?? 0
}

/** Closes the steps of jobs, and tells so; one that is done already stays. */
const closeSteps = async (
  tx: Transaction,
  executionId: ExecutionId,
  jobIds: readonly string[],
  { now, failure, ...price }: StepsEnding,
): Promise<void> => {
  const error = failure === null ? null : publicFailure(failure)
  const status = failure === null ? 'completed' : 'failed'
  const closed = await tx
    .update(executionSteps)
    .set({
      ...{ status, error, ...price },
      startedAt: sql`coalesce(${executionSteps.startedAt}, ${now})`,
      finishedAt: now,
      ...(failure === null ? { progress: 100 } : {}),
    })
    .where(
      and(
        ofSteps(executionId, jobIds),
        notInArray(executionSteps.status, ['completed', 'skipped']),
      ),
    )
    .returning({ name: executionSteps.name, attempts: executionSteps.attempts })
  if (closed.length === 0) return
  const news = closed.map(({ name: step, attempts }): ExecutionNews => {
    return { type: 'step.status', data: { step, status, attempts, error } }
  })
  await appendEvents(tx, executionId, news)
}

const deliver = async (tx: Transaction, delivered: JobDelivered, now: Date): Promise<number> => {
  const { executionId, jobId, result, model, provider, costMicroUsd } = delivered
  const status = await lockExistingExecution(tx, executionId)
  const [before] = await tx.select().from(generationJobs).where(ofJob(delivered)).for('update')
  if (before === undefined) throw new MediaError('NOT_FOUND', `no job ${jobId}`)
  // A repetition: the price stands.
  const isKnown = before.result !== null && before.result.sha256 === result.sha256
  if (!isKnown) {
    await tx
      .update(generationJobs)
      .set({ result, model, provider, costMicroUsd, cacheHit: false, waitingFor: null })
      .where(ofJob(delivered))
    await tx
      .update(generationResults)
      .set({ state: 'done', result, model, provider })
      .where(claimedBy(delivered))
  }
  // Late work is kept for the next order, but an order that is over takes and costs nothing more.
  if (isExecutionOver(status)) return 0
  // Never above what was held for it.
  const priceCredits = sql`least(${executionSteps.priceCredits}, ${delivered.priceCredits})`
  const price = isKnown ? {} : { priceCredits }
  if (delivered.endsStep)
    await closeSteps(tx, executionId, [jobId], { now, failure: null, ...price })
  else if (!isKnown)
    await tx
      .update(executionSteps)
      .set(price)
      .where(ofSteps(executionId, [jobId]))
  return await priceOfStep(tx, delivered)
}

const claimedBy = ({ executionId, jobId }: JobRef) =>
  and(
    eq(generationResults.ownerExecutionId, executionId),
    eq(generationResults.ownerJobId, jobId),
    eq(generationResults.state, 'claimed'),
  )

/** Jobs take what was made before: however many, in as many statements. */
const takeResults = async (
  tx: Transaction,
  { executionId, taken }: TakenResults,
  now: Date,
): Promise<void> => {
  const status = await lockExistingExecution(tx, executionId)
  await tx.execute(sql`
    UPDATE ${generationJobs} AS job
    SET result = taken.result, model = taken.model, provider = taken.provider,
      cost_micro_usd = taken."costMicroUsd", cache_hit = true, waiting_for = NULL
    FROM jsonb_to_recordset(${JSON.stringify(taken)}::jsonb) AS taken(
      "jobId" text, result jsonb, model text, provider text, "costMicroUsd" bigint
    )
    WHERE job.execution_id = ${executionId} AND job.job_id = taken."jobId"`)
  if (isExecutionOver(status)) return
  const ended = taken.filter(({ endsStep }) => endsStep).map(({ jobId }) => jobId)
  await closeSteps(tx, executionId, ended, { now, failure: null, priceCredits: 0 })
  const others = taken.filter(({ endsStep }) => !endsStep).map(({ jobId }) => jobId)
  if (others.length === 0) return
  await tx.update(executionSteps).set({ priceCredits: 0 }).where(ofSteps(executionId, others))
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
  if (!isExecutionOver(status)) await closeSteps(tx, executionId, [jobId], { now, failure: null })
  return result
}

const fail = async (
  tx: Transaction,
  { executionId, jobId, failure }: JobRef & { readonly failure: FailureCode },
  now: Date,
): Promise<void> => {
  const status = await lockExistingExecution(tx, executionId)
  await tx.update(generationJobs).set({ waitingFor: null }).where(ofJob({ executionId, jobId }))
  await tx.delete(generationResults).where(claimedBy({ executionId, jobId }))
  if (!isExecutionOver(status)) await closeSteps(tx, executionId, [jobId], { now, failure })
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

  /** Ends jobs with what was made before, at no price. *Idempotent.* */
  takeResults: (request: TakenResults): Promise<void> =>
    database.transaction((tx) => takeResults(tx, request, clock())),

  /** Ends a job with the result of another one of its plan, at the price that its step has. */
  adopt: (request: JobRef & { readonly fromJobId: string }): Promise<JobResult> =>
    database.transaction((tx) => adopt(tx, request, clock())),

  /** Ends a job without a result, for this round: whoever makes the same may begin. *Idempotent.* */
  failJob: (request: JobRef & { readonly failure: FailureCode }): Promise<void> =>
    database.transaction((tx) => fail(tx, request, clock())),

  markWaiting: (request: JobRef & { readonly waitingFor: JobWait | null }): Promise<void> =>
    database.transaction((tx) => markWaiting(tx, request)),
})
