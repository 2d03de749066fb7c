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

/** Writes how each branch ended over whatever the recorder of steps has last seen of it. */
const settleSteps = async (
  tx: Transaction,
  { executionId, branches, step }: BranchCompletion,
  now: Date,
): Promise<void> => {
  const news: ExecutionNews[] = []
  for (const { step: name, outcome: status, failure } of branches) {
    const error = failure === null || status !== 'failed' ? null : publicFailure(failure)
    const [settled] = await tx
      .update(executionSteps)
      .set({
        status,
        error,
        finishedAt: sql`coalesce(${executionSteps.finishedAt}, ${now})`,
        ...(status === 'completed' ? { progress: 100 } : {}),
      })
      .where(and(eq(executionSteps.executionId, executionId), eq(executionSteps.name, name)))
      .returning({ attempts: executionSteps.attempts })
    if (settled === undefined) continue
    const { attempts } = settled
    news.push({ type: 'step.status', data: { step: name, status, attempts, error } })
  }
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
