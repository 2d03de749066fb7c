import { and, asc, eq, gt, max, sql, type InferSelectModel, type SQL } from 'drizzle-orm'
import type { PublicFailure } from '../../domain/failures.ts'
import type { AccountId, ExecutionId } from '../../domain/ids.ts'
import type { ExecutionStatus, StepStatus } from '../../domain/statuses.ts'
import type { Queryable } from '../database.ts'
import { executionEvents, executions } from '../schema/index.ts'

export type ExecutionEvent = InferSelectModel<typeof executionEvents>

/** What happened. `attempts` counts from 1; `progress` is 0 to 100. */
export type ExecutionNews =
  | {
      readonly type: 'execution.status'
      readonly data: {
        readonly status: ExecutionStatus
        readonly error: (PublicFailure & { readonly step: string | null }) | null
      }
    }
  | {
      readonly type: 'step.status'
      readonly data: {
        readonly step: string
        readonly status: StepStatus
        readonly attempts: number
        readonly error: PublicFailure | null
      }
    }
  | {
      readonly type: 'step.progress'
      readonly data: { readonly step: string; readonly progress: number }
    }

/**
 * Appends what happened. The caller holds the lock on the execution's row: only so do the sequence
 * numbers of an execution appear in their order, and a reader that resumes after the highest number
 * it has seen misses nothing.
 */
export const appendEvents = async (
  within: Queryable,
  executionId: ExecutionId,
  news: readonly ExecutionNews[],
): Promise<void> => {
  const accountId = sql<AccountId>`(
    SELECT account_id FROM ${executions} WHERE id = ${executionId}
  )`
  const rows = news.map((event) => ({ executionId, accountId, ...event }))
  await within.insert(executionEvents).values(rows)
}

/** Which of the events of somebody are read: those behind a sequence number. */
interface EventsAfter {
  readonly afterSequence: number
  readonly limit: number
}

export const readEvents = (
  within: Queryable,
  { executionId, ...after }: EventsAfter & { readonly executionId: ExecutionId },
): Promise<readonly ExecutionEvent[]> =>
  readAfter(within, eq(executionEvents.executionId, executionId), after)

/** What happened in all executions of an account, or in one of them, after the given sequence number. */
export const readAccountEvents = (
  within: Queryable,
  {
    accountId,
    executionId,
    ...after
  }: EventsAfter & {
    readonly accountId: AccountId
    readonly executionId: ExecutionId | null
  },
): Promise<readonly ExecutionEvent[]> => {
  const ofExecution =
    executionId === null ? undefined : eq(executionEvents.executionId, executionId)
  return readAfter(within, and(eq(executionEvents.accountId, accountId), ofExecution), after)
}

const readAfter = (
  within: Queryable,
  whose: SQL | undefined,
  { afterSequence, limit }: EventsAfter,
): Promise<readonly ExecutionEvent[]> =>
  within
    .select()
    .from(executionEvents)
    .where(and(whose, gt(executionEvents.sequence, afterSequence)))
    .orderBy(asc(executionEvents.sequence))
    .limit(limit)

/** The number of the newest event of an account; 0 before the first. */
export const lastSequenceOf = async (within: Queryable, accountId: AccountId): Promise<number> => {
  const [newest] = await within
    .select({ sequence: max(executionEvents.sequence) })
    .from(executionEvents)
    .where(eq(executionEvents.accountId, accountId))
  return newest?.sequence ?? 0
}
