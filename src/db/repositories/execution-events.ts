import { and, asc, eq, gt, type InferSelectModel } from 'drizzle-orm'
import type { PublicFailure } from '../../domain/failures.ts'
import type { ExecutionId } from '../../domain/ids.ts'
import type { ExecutionStatus, StepStatus } from '../../domain/statuses.ts'
import type { Queryable } from '../database.ts'
import { executionEvents } from '../schema/index.ts'

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
  await within.insert(executionEvents).values(news.map((event) => ({ executionId, ...event })))
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
