import { and, eq, sql } from 'drizzle-orm'
import type { PublicFailure } from '../../domain/failures.ts'
import type { ExecutionId } from '../../domain/ids.ts'
import { isExecutionOver } from '../../domain/statuses.ts'
import { runsAfterEnd, type StepName } from '../../domain/steps.ts'
import type { Database, Transaction } from '../database.ts'
import { executions, executionSteps } from '../schema/index.ts'
import { appendEvents, type ExecutionNews } from './execution-events.ts'
import type { VideosRepository } from './videos.ts'

/** As the recorder of steps and the webhooks know it: names that need not exist. */
export interface StepRef {
  readonly executionId: string
  readonly step: string
}

export interface StepEnd extends StepRef {
  readonly outcome: 'completed' | 'skipped' | 'failed'
  readonly error?: PublicFailure | null | undefined
}

export interface StepProgress extends StepRef {
  /** 0 to 100. */
  readonly progress: number
  readonly signOfLifeAt: Date
}

interface StepParts {
  readonly database: Database
  readonly videos: VideosRepository
  readonly clock: () => Date
}

/** The step whose progress is the video's. */
const RENDER_STEP: StepName = 'remote render'

const ofStep = ({ executionId, step }: StepRef) =>
  and(eq(executionSteps.executionId, executionId as ExecutionId), eq(executionSteps.name, step))

/** Locks execution and step, in this order. */
const lockStep = async (tx: Transaction, ref: StepRef) => {
  const [found] = await tx
    .select({ executionStatus: executions.status, step: executionSteps })
    .from(executions)
    .innerJoin(executionSteps, ofStep(ref))
    .where(eq(executions.id, ref.executionId as ExecutionId))
    .for('update')
  return found ?? null
}

const begin = async (
  tx: Transaction,
  ref: StepRef,
  { videos, clock }: StepParts,
): Promise<boolean> => {
  const found = await lockStep(tx, ref)
  if (found === null) return false
  const { executionStatus, step } = found
  const { executionId } = step
  // A late attempt must not open a step of an execution that has ended. One that was open when the
  // execution completed (the step that completes it) may be tried again until it is closed.
  const mayBegin =
    !isExecutionOver(executionStatus) || runsAfterEnd(ref.step) || step.status === 'processing'
  if (!mayBegin) return false

  const now = clock()
  const attempts = step.attempts + 1
  await tx
    .update(executionSteps)
    .set({
      status: 'processing',
      attempts,
      progress: null,
      error: null,
      startedAt: step.startedAt ?? now,
      finishedAt: null,
    })
    .where(ofStep(ref))
  const news: ExecutionNews[] = [
    { type: 'step.status', data: { step: ref.step, status: 'processing', attempts, error: null } },
  ]
  if (executionStatus === 'pending') {
    await tx.update(executions).set({ status: 'processing' }).where(eq(executions.id, executionId))
    await videos.markProcessing(executionId, tx)
    news.unshift({ type: 'execution.status', data: { status: 'processing', error: null } })
  }
  if (ref.step === RENDER_STEP) {
    await tx.update(executions).set({ lastSignOfLifeAt: now }).where(eq(executions.id, executionId))
    await videos.setProgress(executionId, 0, tx)
  }
  await appendEvents(tx, executionId, news)
  return true
}

/** One statement and not five in a transaction: every step ends once, and most do little else. */
const end = async (input: StepEnd, { database, clock }: StepParts): Promise<boolean> => {
  const { executionId, step, outcome, error = null } = input
  const progress = outcome === 'completed' ? 100 : executionSteps.progress
  const { rowCount } = await database.execute(sql`
    WITH execution AS (
      SELECT id FROM executions WHERE id = ${executionId} FOR UPDATE
    ), closed AS (
      UPDATE execution_steps
      SET status = ${outcome}, error = ${jsonOf(error)}, finished_at = ${clock()}, progress = ${progress}
      FROM execution
      WHERE execution_id = execution.id AND name = ${step} AND status = 'processing'
      RETURNING execution_id, jsonb_build_object(
        'step', name, 'status', status, 'attempts', attempts, 'error', error
      ) AS data
    )
    INSERT INTO execution_events (execution_id, type, data)
    SELECT execution_id, 'step.status', data FROM closed`)
  return rowCount === 1
}

const jsonOf = (value: unknown) =>
  value === null ? sql`NULL::jsonb` : sql`${JSON.stringify(value)}::jsonb`

const advance = async (
  tx: Transaction,
  input: StepProgress,
  { videos }: StepParts,
): Promise<boolean> => {
  const found = await lockStep(tx, input)
  if (found === null || isExecutionOver(found.executionStatus)) return false
  const { executionId } = found.step
  await tx
    .update(executions)
    .set({
      lastSignOfLifeAt: sql`greatest(${executions.lastSignOfLifeAt}, ${input.signOfLifeAt})`,
    })
    .where(eq(executions.id, executionId))

  const before = found.step.progress ?? 0
  const progress = Math.min(100, Math.max(0, input.progress))
  if (found.step.status !== 'processing' || progress <= before) return true
  await tx.update(executionSteps).set({ progress }).where(ofStep(input))
  if (input.step === RENDER_STEP) await videos.setProgress(executionId, progress, tx)
  if (Math.floor(progress) > Math.floor(before)) {
    await appendEvents(tx, executionId, [
      { type: 'step.progress', data: { step: input.step, progress: Math.floor(progress) } },
    ])
  }
  return true
}

/** What the recorder of steps and the webhooks write down. Each answers whether it changed
 * anything: late news of an execution that has ended are dropped. */
export const createExecutionStepWrites = (parts: StepParts) => ({
  /** Opens an attempt of a step. The first one of all sets execution and video `processing`. */
  beginStep: (ref: StepRef): Promise<boolean> =>
    parts.database.transaction((tx) => begin(tx, ref, parts)),

  /** Closes an open step. */
  endStep: (input: StepEnd): Promise<boolean> => end(input, parts),

  /** Writes progress, which never falls within an attempt, and the sign of life, which counts in
   * any case. Listeners are told of whole points only. */
  recordProgress: (input: StepProgress): Promise<boolean> =>
    parts.database.transaction((tx) => advance(tx, input, parts)),
})
