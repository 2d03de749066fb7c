import { eq } from 'drizzle-orm'
import { MediaError } from '../../domain/failures.ts'
import type { ExecutionId } from '../../domain/ids.ts'
import type { ExecutionStatus } from '../../domain/statuses.ts'
import type { Transaction } from '../database.ts'
import { executions } from '../schema/index.ts'

/** Takes the lock under which everything about an execution is written, and answers its status; null
 * when there is none. */
export const lockExecution = async (
  tx: Transaction,
  executionId: ExecutionId,
): Promise<ExecutionStatus | null> => {
  const [execution] = await tx
    .select({ status: executions.status })
    .from(executions)
    .where(eq(executions.id, executionId))
    .for('update')
  return execution?.status ?? null
}

/** The same for an execution that has to be there. *Errors:* NOT_FOUND. */
export const lockExistingExecution = async (
  tx: Transaction,
  executionId: ExecutionId,
): Promise<ExecutionStatus> => {
  const status = await lockExecution(tx, executionId)
  if (status === null) throw new MediaError('NOT_FOUND', `no execution ${executionId}`)
  return status
}
