import { and, eq, inArray, isNotNull, notInArray, sql } from 'drizzle-orm'
import { failureRule, MediaError, publicFailure, type FailureCode } from '../../domain/failures.ts'
import type { JobWait } from '../../domain/generation/model-order.ts'
import type { JobResult } from '../../domain/generation/plan.ts'
import { EXECUTION_STATUSES, isExecutionOver } from '../../domain/statuses.ts'
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
  readonly priceCredits?: number
}

const OVER = EXECUTION_STATUSES.filter(isExecutionOver)

const ofSteps = (executionId: ExecutionId, jobIds: readonly string[]) =>
  and(
    eq(executionSteps.executionId, executionId),
    inArray(executionSteps.name, jobIds.map(jobStep)),
  )

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

/**
 * Jobs that run beside each other end together, and in a transaction of several statements each would hold
 * the execution until the last of its answers had come back: it is one statement, and prepared. Its
 * parameters: execution, job, its step, result, model, provider, what the provider takes, price, whether
 * the step ends, now, the statuses that are an end.
 */
const DELIVER = {
  name: 'deliver',
  text: `
    WITH found AS (
      -- All three rows as they are once the lock is held, not as they were when the statement began.
      SELECT execution.id, execution.account_id, execution.status <> ALL ($11::text[]) AS is_live,
        -- A repetition: the price stands.
        job.result ->> 'sha256' IS NOT DISTINCT FROM $4::jsonb ->> 'sha256' AS is_known,
        step.price_credits, step.status NOT IN ('completed', 'skipped') AS is_open
      FROM executions AS execution
      JOIN generation_jobs AS job ON job.execution_id = execution.id AND job.job_id = $2
      JOIN execution_steps AS step ON step.execution_id = execution.id AND step.name = $3
      WHERE execution.id = $1
      FOR UPDATE
    ), delivered AS (
      UPDATE generation_jobs AS job
      SET result = $4::jsonb, model = $5, provider = $6, cost_micro_usd = $7, cache_hit = false,
        waiting_for = NULL
      FROM found
      WHERE job.execution_id = found.id AND job.job_id = $2 AND NOT found.is_known
    ), cached AS (
      UPDATE generation_results AS cached
      SET state = 'done', result = $4::jsonb, model = $5, provider = $6
      FROM found
      WHERE cached.owner_execution_id = found.id AND cached.owner_job_id = $2
        AND cached.state = 'claimed' AND NOT found.is_known
    ), step AS (
      -- Late work is kept for the next order, but an order that is over takes and costs nothing more.
      UPDATE execution_steps AS step
      SET
        -- Never above what was held for it.
        price_credits = CASE
          WHEN found.is_known THEN step.price_credits ELSE least(step.price_credits, $8) END,
        status = CASE WHEN $9 THEN 'completed' ELSE step.status END,
        progress = CASE WHEN $9 THEN 100 ELSE step.progress END,
        error = CASE WHEN $9 THEN NULL ELSE step.error END,
        started_at = CASE WHEN $9 THEN coalesce(step.started_at, $10) ELSE step.started_at END,
        finished_at = CASE WHEN $9 THEN $10 ELSE step.finished_at END
      FROM found
      WHERE step.execution_id = found.id AND step.name = $3 AND found.is_live
        AND CASE WHEN $9 THEN found.is_open ELSE NOT found.is_known END
      RETURNING step.execution_id, found.account_id, step.attempts, step.price_credits
    ), news AS (
      INSERT INTO execution_events (execution_id, account_id, type, data)
      SELECT execution_id, account_id, 'step.status', jsonb_build_object(
        'step', $3::text, 'status', 'completed', 'attempts', attempts, 'error', NULL
      )
      FROM step WHERE $9
    )
    SELECT CASE WHEN is_live
      THEN coalesce((SELECT price_credits FROM step), price_credits) ELSE 0 END AS credits
    FROM found`,
}

const deliver = async (database: Database, delivered: JobDelivered, now: Date): Promise<number> => {
  const { executionId, jobId, result, model, provider } = delivered
  const { costMicroUsd, priceCredits, endsStep } = delivered
  const { rows } = await database.$client.query<{ credits: number }>({
    ...DELIVER,
    values: [
      ...[executionId, jobId, jobStep(jobId), JSON.stringify(result), model, provider],
      ...[costMicroUsd, priceCredits, endsStep, now, OVER],
    ],
  })
  const [done] = rows
  if (done === undefined) throw new MediaError('NOT_FOUND', `no job ${jobId} of ${executionId}`)
  return done.credits
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
  // What failed for a reason of ours may be there at its provider, and is not ordered again.
  const order = failureRule(failure).blame === 'platform' ? {} : { orderState: null }
  await tx
    .update(generationJobs)
    .set({ waitingFor: null, ...order })
    .where(ofJob({ executionId, jobId }))
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
  deliver: (delivered: JobDelivered): Promise<number> => deliver(database, delivered, clock()),

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
