import { and, eq, inArray, sql } from 'drizzle-orm'
import type { BranchResult } from '../../contracts/orders.ts'
import type { OrderOutcome } from '../../domain/branches.ts'
import { MediaError, publicFailure } from '../../domain/failures.ts'
import type { ExecutionId } from '../../domain/ids.ts'
import { isExecutionOver } from '../../domain/statuses.ts'
import type { Transaction } from '../database.ts'
import { executions, executionSteps } from '../schema/index.ts'
import type { EndingParts } from './execution-endings.ts'
import { appendEvents, type ExecutionNews } from './execution-events.ts'
import { holdsOfExecution, settleHolds } from './execution-holds.ts'
import { lockExistingExecution } from './execution-lock.ts'
import { cancelOpenSteps } from './open-steps.ts'

export interface BranchCompletion {
  readonly executionId: ExecutionId
  readonly outcome: OrderOutcome
  readonly branches: readonly BranchResult[]
  /** The step that completes; it stays open for its recorder. */
  readonly step: string
}

export interface CompletedBranches {
  readonly capturedCredits: number
  /** An earlier call has done it. */
  readonly isRepeated: boolean
}

/** Writes how each branch ended over whatever the recorder of steps has last seen of it, and tells of
 * what was not known yet: however many, in one statement. */
const settleSteps = async (
  tx: Transaction,
  { executionId, branches, step }: BranchCompletion,
  now: Date,
): Promise<void> => {
  const endings = branches.map(({ step: name, outcome: status, failure }) => {
    const error = failure === null || status !== 'failed' ? null : publicFailure(failure)
    return { name, status, error }
  })
  const { rows } = await tx.execute<{ name: string; attempts: number }>(sql`
    UPDATE ${executionSteps} AS step
    SET status = ending.status, error = ending.error,
      finished_at = coalesce(step.finished_at, ${now}),
      progress = CASE WHEN ending.status = 'completed' THEN 100 ELSE step.progress END
    FROM jsonb_to_recordset(${JSON.stringify(endings)}::jsonb)
      AS ending(name text, status text, error jsonb)
    WHERE step.execution_id = ${executionId} AND step.name = ending.name
      AND (step.status, step.error) IS DISTINCT FROM (ending.status, ending.error)
    RETURNING step.name, step.attempts`)
  const attemptsOf = new Map(rows.map(({ name, attempts }) => [name, attempts]))
  const news = endings.flatMap(({ name, status, error }): ExecutionNews[] => {
    const attempts = attemptsOf.get(name)
    if (attempts === undefined) return []
    return [{ type: 'step.status', data: { step: name, status, attempts, error } }]
  })
  if (news.length > 0) await appendEvents(tx, executionId, news)
  await cancelOpenSteps(tx, executionId, { now, except: [step, 'notify'] })
}

/** What the branches that were completed cost. */
const priceOf = async (
  tx: Transaction,
  { executionId, branches }: BranchCompletion,
): Promise<number> => {
  const names = branches.filter(({ outcome }) => outcome === 'completed').map(({ step }) => step)
  if (names.length === 0) return 0
  const rows = await tx
    .select({ priceCredits: executionSteps.priceCredits })
    .from(executionSteps)
    .where(and(eq(executionSteps.executionId, executionId), inArray(executionSteps.name, names)))
  return rows.reduce((sum, { priceCredits }) => sum + priceCredits, 0)
}

/**
 * Ends a round of work whose steps stood beside each other. What was delivered is published and its
 * price captured; all else of the hold is free again. *Idempotent.* *Errors:* NOT_FOUND; HOLD_CONFLICT
 * when the execution has ended another way.
 */
export const completeBranches = async (
  tx: Transaction,
  request: BranchCompletion,
  { ledger, streams, clock }: EndingParts,
): Promise<CompletedBranches> => {
  const { executionId, outcome, branches } = request
  const before = await lockExistingExecution(tx, executionId)
  if (isExecutionOver(before)) {
    if (before !== outcome) throw new MediaError('HOLD_CONFLICT', `${executionId} is ${before}`)
    const captured = (await holdsOfExecution(tx, executionId)).at(-1)?.capturedCredits ?? 0
    return { capturedCredits: captured, isRepeated: true }
  }
  const now = clock()
  const { capturedCredits } = await settleHolds(tx, executionId, {
    ledger,
    capturedCredits: await priceOf(tx, request),
  })
  await settleSteps(tx, request, now)
  const outputs = Object.assign({}, ...branches.map((branch) => branch.outputs)) as object
  const failed = branches.find((branch) => branch.outcome === 'failed')
  const error =
    failed === undefined || outcome === 'canceled'
      ? null
      : { ...publicFailure(failed.failure ?? 'INTERNAL'), step: failed.step }
  const [settled] = await tx
    .update(executions)
    .set({
      status: outcome,
      error,
      finishedAt: now,
      outputKeys: sql`${executions.outputKeys} || ${JSON.stringify(outputs)}::jsonb`,
    })
    .where(eq(executions.id, executionId))
    .returning({ outputKeys: executions.outputKeys })
  await streams.settle(
    executionId,
    {
      status: outcome === 'completed' ? 'ready' : outcome,
      outputKeys: settled?.outputKeys ?? {},
    },
    tx,
  )
  await appendEvents(tx, executionId, [
    { type: 'execution.status', data: { status: outcome, error } },
  ])
  return { capturedCredits, isRepeated: false }
}
