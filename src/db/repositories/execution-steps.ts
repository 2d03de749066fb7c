import { and, eq, sql } from 'drizzle-orm'
import type { PublicFailure } from '../../domain/failures.ts'
import type { ExecutionId } from '../../domain/ids.ts'
import { EXECUTION_STATUSES, isExecutionOver } from '../../domain/statuses.ts'
import { runsAfterEnd, type StepName } from '../../domain/steps.ts'
import type { Database, Transaction } from '../database.ts'
import { executions, executionSteps } from '../schema/index.ts'
import { appendEvents } from './execution-events.ts'
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

const OVER = EXECUTION_STATUSES.filter(isExecutionOver)

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

/** One statement and not five in a transaction: a render opens six steps, and does little else. */
const begin = async (ref: StepRef, { database, clock }: StepParts): Promise<boolean> => {
  const { executionId, step } = ref
  const now = clock()
  const isRemote = step === RENDER_STEP
  const { rowCount } = await database.execute(sql`
    WITH found AS (
      -- Both rows as they are once the lock is held, not as they were when the statement began.
      SELECT execution.id, execution.status AS execution_status, step.status AS step_status
      FROM executions AS execution
      JOIN execution_steps AS step ON step.execution_id = execution.id AND step.name = ${step}
      WHERE execution.id = ${executionId}
      FOR UPDATE
    ), opened AS (
      UPDATE execution_steps AS step
      SET status = 'processing', attempts = step.attempts + 1, progress = NULL, error = NULL,
        started_at = coalesce(step.started_at, ${now}), finished_at = NULL
      FROM found
      WHERE step.execution_id = found.id AND step.name = ${step}
        -- A late attempt must not open a step of an execution that has ended. One that was open when
        -- the execution completed (the step that completes it) may be tried again until it is closed.
        AND (${runsAfterEnd(step)} OR found.step_status = 'processing'
          OR found.execution_status NOT IN ${OVER})
      RETURNING step.execution_id, step.attempts, found.execution_status = 'pending' AS is_first
    ), execution AS (
      UPDATE executions AS execution
      SET status = CASE WHEN is_first THEN 'processing' ELSE status END,
        last_sign_of_life_at = CASE WHEN ${isRemote} THEN ${now} ELSE last_sign_of_life_at END
      FROM opened
      WHERE execution.id = opened.execution_id AND (is_first OR ${isRemote})
    ), video AS (
      UPDATE videos AS video
      SET status = CASE WHEN is_first THEN 'processing' ELSE status END,
        render_progress = CASE WHEN ${isRemote} THEN 0 ELSE render_progress END,
        updated_at = ${now}
      FROM opened
      WHERE video.execution_id = opened.execution_id AND (is_first OR ${isRemote})
    )
    INSERT INTO execution_events (execution_id, type, data)
    SELECT execution_id, type, data
    FROM (
      SELECT 1 AS place, execution_id, 'execution.status' AS type,
        jsonb_build_object('status', 'processing', 'error', NULL) AS data
      FROM opened WHERE is_first
      UNION ALL
      SELECT 2, execution_id, 'step.status',
        jsonb_build_object('step', ${step}::text, 'status', 'processing', 'attempts', attempts, 'error', NULL)
      FROM opened
    ) AS news
    ORDER BY place`)
  return rowCount !== null && rowCount > 0
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
  beginStep: (ref: StepRef): Promise<boolean> => begin(ref, parts),

  /** Closes an open step. */
  endStep: (input: StepEnd): Promise<boolean> => end(input, parts),

  /** Writes progress, which never falls within an attempt, and the sign of life, which counts in
   * any case. Listeners are told of whole points only. */
  recordProgress: (input: StepProgress): Promise<boolean> =>
    parts.database.transaction((tx) => advance(tx, input, parts)),
})
