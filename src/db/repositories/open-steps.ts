import { and, eq, inArray, notInArray } from 'drizzle-orm'
import type { ExecutionId } from '../../domain/ids.ts'
import type { Transaction } from '../database.ts'
import { executionSteps } from '../schema/index.ts'

/** Cancels the steps of an execution that will not run any more: all that are open but `except`. */
export const cancelOpenSteps = async (
  tx: Transaction,
  executionId: ExecutionId,
  { now, except = [] }: { readonly now: Date; readonly except?: string[] },
): Promise<void> => {
  await tx
    .update(executionSteps)
    .set({ status: 'canceled', finishedAt: now })
    .where(
      and(
        eq(executionSteps.executionId, executionId),
        inArray(executionSteps.status, ['pending', 'processing']),
        notInArray(executionSteps.name, except),
      ),
    )
}
