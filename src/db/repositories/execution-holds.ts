import { eq, inArray } from 'drizzle-orm'
import { holdIdsOf, type ExecutionId } from '../../domain/ids.ts'
import type { Transaction } from '../database.ts'
import { executions, holds } from '../schema/index.ts'
import type { Hold, LedgerRepository } from './ledger.ts'

/** The holds of an execution, in the order in which they were taken. */
export const holdsOfExecution = async (
  tx: Transaction,
  executionId: ExecutionId,
): Promise<readonly Hold[]> => {
  const [execution] = await tx
    .select({ retries: executions.retries })
    .from(executions)
    .where(eq(executions.id, executionId))
  if (execution === undefined) return []
  const ids = holdIdsOf(executionId, execution.retries)
  const found = await tx
    .select()
    .from(holds)
    .where(inArray(holds.id, [...ids]))
  return found.toSorted((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id))
}

/** What the end of a round of work took and gave back. */
export interface Settlement {
  readonly capturedCredits: number
  readonly releasedCredits: number
}

/**
 * Ends the pending holds of an execution: takes `capturedCredits` of them, the oldest first, and frees
 * the rest. More than is held is never taken: an order costs what was agreed to, or less.
 */
export const settleHolds = async (
  tx: Transaction,
  executionId: ExecutionId,
  input: { readonly ledger: LedgerRepository; readonly capturedCredits: number },
): Promise<Settlement> => {
  let left = input.capturedCredits
  let releasedCredits = 0
  for (const hold of await holdsOfExecution(tx, executionId)) {
    if (hold.state !== 'pending') continue
    const capturedCredits = Math.min(left, hold.amountCredits)
    const ended =
      capturedCredits === 0
        ? await input.ledger.void(hold.id, tx)
        : await input.ledger.capture({ holdId: hold.id, capturedCredits }, tx)
    left -= ended.capturedCredits
    releasedCredits += ended.releasedCredits
  }
  return { capturedCredits: input.capturedCredits - left, releasedCredits }
}
