import { eq } from 'drizzle-orm'
import type { RenderOrder } from '../../contracts/orders.ts'
import { MediaError } from '../../domain/failures.ts'
import { holdId, type ExecutionId } from '../../domain/ids.ts'
import { isExecutionOver, type ExecutionStatus } from '../../domain/statuses.ts'
import type { Database, Transaction } from '../database.ts'
import { executions, executionSteps } from '../schema/index.ts'
import { settleExecution } from './execution-endings.ts'
import { appendEvents } from './execution-events.ts'
import { lockExecution } from './execution-lock.ts'
import type { LedgerRepository } from './ledger.ts'
import type { VideosRepository } from './videos.ts'

export interface RenderAdmissionRequest {
  readonly order: Omit<RenderOrder, 'priority'>
  readonly workflowId: string
  /** The execution whose place this one takes. */
  readonly replaces: ExecutionId | null
  /** The names of all steps in order. */
  readonly steps: readonly string[]
  readonly holdExpiresAt: Date
  readonly amountCredits: number
}

/** `availableCredits`: what the account shows now. A render that was to be replaced runs on. */
export type Admission =
  | { readonly status: 'held' }
  | {
      readonly status: 'declined'
      readonly neededCredits: number
      readonly availableCredits: number
    }

interface AdmissionParts {
  readonly database: Database
  readonly ledger: LedgerRepository
  readonly videos: VideosRepository
  readonly clock: () => Date
}

/** The step that admission itself is: it is over when the others are written down. */
const HOLD_STEP = 'hold credits'

type NewExecution = Pick<
  typeof executions.$inferInsert,
  'id' | 'accountId' | 'pipeline' | 'subjectId' | 'workflowId' | 'input'
>

/** Writes an execution down, with its steps and the first of its news. False: it was there before. */
export const insertExecution = async (
  tx: Transaction,
  input: {
    readonly row: NewExecution
    readonly steps: readonly { readonly name: string; readonly priceCredits?: number }[]
    readonly now: Date
  },
): Promise<boolean> => {
  const { row, steps, now } = input
  const inserted = await tx
    .insert(executions)
    .values(row)
    .onConflictDoNothing({ target: executions.id })
    .returning({ id: executions.id })
  if (inserted.length === 0) return false
  const held = { status: 'completed', attempts: 1, progress: 100, startedAt: now, finishedAt: now }
  await tx.insert(executionSteps).values(
    steps.map((step, position) => ({
      executionId: row.id,
      position,
      ...step,
      ...(step.name === HOLD_STEP ? { ...held, status: 'completed' as const } : {}),
    })),
  )
  await appendEvents(tx, row.id, [
    { type: 'execution.status', data: { status: 'pending', error: null } },
  ])
  return true
}

/** Locks the execution that is to be replaced; null when there is none, or it is over. */
const lockReplaced = async (
  tx: Transaction,
  replaces: ExecutionId | null,
): Promise<ExecutionId | null> => {
  if (replaces === null) return null
  const status = await lockExecution(tx, replaces)
  return status === null || isExecutionOver(status) ? null : replaces
}

const statusOf = async (
  tx: Transaction,
  executionId: ExecutionId,
): Promise<ExecutionStatus | null> => {
  const [found] = await tx
    .select({ status: executions.status })
    .from(executions)
    .where(eq(executions.id, executionId))
  return found?.status ?? null
}

const admit = async (
  tx: Transaction,
  request: RenderAdmissionRequest,
  { ledger, videos, clock }: AdmissionParts,
): Promise<Admission> => {
  const { order, workflowId, amountCredits } = request
  const executionId = order.executionId
  const accountId = order.accountId
  const earlier = await statusOf(tx, executionId)
  if (earlier !== null && isExecutionOver(earlier)) {
    throw new MediaError('CONFLICT', `execution ${executionId} is ${earlier} already`)
  }
  if (earlier !== null) return { status: 'held' }

  const replaced = await lockReplaced(tx, request.replaces)
  const hold = await ledger.hold(
    {
      id: holdId(executionId),
      accountId,
      amountCredits,
      workflowId,
      expiresAt: request.holdExpiresAt,
      replacesHoldId: replaced === null ? undefined : holdId(replaced),
    },
    tx,
  )
  if (hold.state === 'declined') {
    return {
      status: 'declined',
      neededCredits: amountCredits,
      availableCredits: hold.availableCredits,
    }
  }
  const isNew = await insertExecution(tx, {
    row: { id: executionId, accountId, pipeline: 'render', subjectId: order.videoId, workflowId },
    steps: request.steps.map((name) => ({ name })),
    now: clock(),
  })
  // A second call that ran beside the first: it waited for the first one's hold.
  if (!isNew) return { status: 'held' }

  if (replaced !== null) {
    await settleExecution(tx, { executionId: replaced, ending: 'canceled', now: clock() })
  }
  if (!(await videos.startRender(order, tx))) {
    throw new MediaError('NOT_FOUND', `no video ${order.videoId} of ${order.accountId}`)
  }
  return { status: 'held' }
}

/**
 * Admits a render in one transaction: the hold, the execution with its steps, the video's new state,
 * and the end of the execution that it replaces. If the credits do not suffice, nothing of that
 * happens except that the refusal is kept. *Idempotent* per execution id: the first outcome is
 * answered again, and CONFLICT
 * once the execution is over. *Errors:* NOT_FOUND (video), HOLD_CONFLICT (the id came with another amount).
 */
export const createRenderAdmission =
  (parts: AdmissionParts) =>
  (request: RenderAdmissionRequest): Promise<Admission> =>
    parts.database.transaction((tx) => admit(tx, request, parts))
