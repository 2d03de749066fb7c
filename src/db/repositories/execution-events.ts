import { and, asc, eq, gt, max, sql, type InferSelectModel } from 'drizzle-orm'
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

export const readEvents = (
  within: Queryable,
  input: {
    readonly executionId: ExecutionId
    readonly afterSequence: number
    readonly limit: number
  },
): Promise<readonly ExecutionEvent[]> =>
  within
    .select()
    .from(executionEvents)
    .where(
      and(
        eq(executionEvents.executionId, input.executionId),
        gt(executionEvents.sequence, input.afterSequence),
      ),
    )
    .orderBy(asc(executionEvents.sequence))
    .limit(input.limit)

/** What happened in all executions of an account, or in one of them, after the given sequence number. */
export const readAccountEvents = (
  within: Queryable,
  input: {
    readonly accountId: AccountId
    readonly executionId: ExecutionId | null
    readonly afterSequence: number
    readonly limit: number
  },
): Promise<readonly ExecutionEvent[]> =>
  within
    .select()
    .from(executionEvents)
    .where(
      and(
        eq(executionEvents.accountId, input.accountId),
        input.executionId === null ? undefined : eq(executionEvents.executionId, input.executionId),
        gt(executionEvents.sequence, input.afterSequence),
      ),
    )
    .orderBy(asc(executionEvents.sequence))
    .limit(input.limit)

/** The number of the newest event of an account; 0 before the first. */
export const lastSequenceOf = async (within: Queryable, accountId: AccountId): Promise<number> => {
  const [newest] = await within
    .select({ sequence: max(executionEvents.sequence) })
    .from(executionEvents)
    .where(eq(executionEvents.accountId, accountId))
  return newest?.sequence ?? 0
}
