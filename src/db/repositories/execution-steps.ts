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

/**
 * Six times a render, so it is one statement and not five in a transaction, and prepared: to plan it
 * took PostgreSQL longer than to run it. Its parameters: execution, step, now, whether the step runs
 * after the end, the statuses that are an end, whether the step is the remote render.
 */
const BEGIN_STEP = {
  name: 'begin_step',
  text: `
    WITH found AS (
      -- Both rows as they are once the lock is held, not as they were when the statement began.
      SELECT execution.id, execution.account_id, execution.status AS execution_status,
        step.status AS step_status
      FROM executions AS execution
      JOIN execution_steps AS step ON step.execution_id = execution.id AND step.name = $2
      WHERE execution.id = $1
      FOR UPDATE
    ), opened AS (
      UPDATE execution_steps AS step
      SET status = 'processing', attempts = step.attempts + 1, progress = NULL, error = NULL,
        started_at = coalesce(step.started_at, $3), finished_at = NULL
      FROM found
      WHERE step.execution_id = found.id AND step.name = $2
        -- A late attempt must not open a step of an execution that has ended. One that was open when
        -- the execution completed (the step that completes it) may be tried again until it is closed.
        AND ($4 OR found.step_status = 'processing' OR found.execution_status <> ALL ($5::text[]))
      RETURNING step.execution_id, found.account_id, step.attempts,
        found.execution_status = 'pending' AS is_first
    ), execution AS (
      UPDATE executions AS execution
      SET status = CASE WHEN is_first THEN 'processing' ELSE status END,
        last_sign_of_life_at = CASE WHEN $6 THEN $3 ELSE last_sign_of_life_at END
      FROM opened
      WHERE execution.id = opened.execution_id AND (is_first OR $6)
    ), video AS (
      UPDATE videos AS video
      SET status = CASE WHEN is_first THEN 'processing' ELSE status END,
        render_progress = CASE WHEN $6 THEN 0 ELSE render_progress END,
        updated_at = $3
      FROM opened
      WHERE video.execution_id = opened.execution_id AND (is_first OR $6)
    )
    INSERT INTO execution_events (execution_id, account_id, type, data)
    SELECT execution_id, account_id, type, data
    FROM (
      SELECT 1 AS place, execution_id, account_id, 'execution.status' AS type,
        jsonb_build_object('status', 'processing', 'error', NULL) AS data
      FROM opened WHERE is_first
      UNION ALL
      SELECT 2, execution_id, account_id, 'step.status', jsonb_build_object(
        'step', $2::text, 'status', 'processing', 'attempts', attempts, 'error', NULL
      )
      FROM opened
    ) AS news
    ORDER BY place`,
}

const begin = async ({ executionId, step }: StepRef, parts: StepParts): Promise<boolean> => {
  const now = parts.clock()
  const isRemote = step === RENDER_STEP
  const values = [executionId, step, now, runsAfterEnd(step), OVER, isRemote]
  const { rowCount } = await parts.database.$client.query({ ...BEGIN_STEP, values })
  return rowCount !== null && rowCount > 0
}

/** As `BEGIN_STEP`. Its parameters: execution, step, outcome, error, now. */
const END_STEP = {
  name: 'end_step',
  text: `
    WITH execution AS (
      SELECT id, account_id FROM executions WHERE id = $1 FOR UPDATE
    ), closed AS (
      UPDATE execution_steps
      SET status = $3, error = $4::jsonb, finished_at = $5,
        progress = CASE WHEN $3 = 'completed' THEN 100 ELSE progress END
      FROM execution
      WHERE execution_id = execution.id AND name = $2 AND status = 'processing'
      RETURNING execution_id, execution.account_id, jsonb_build_object(
        'step', name, 'status', status, 'attempts', attempts, 'error', error
      ) AS data
    )
    INSERT INTO execution_events (execution_id, account_id, type, data)
    SELECT execution_id, account_id, 'step.status', data FROM closed`,
}

const end = async (input: StepEnd, { database, clock }: StepParts): Promise<boolean> => {
  const { executionId, step, outcome, error = null } = input
  const errorJson = error === null ? null : JSON.stringify(error)
  const values = [executionId, step, outcome, errorJson, clock()]
  const { rowCount } = await database.$client.query({ ...END_STEP, values })
  return rowCount === 1
}

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
