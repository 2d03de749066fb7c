import { and, eq } from 'drizzle-orm'
import type { RenderFiles } from '../../contracts/activities.ts'
import { MediaError, publicFailure, type FailureCode } from '../../domain/failures.ts'
import { holdId, type ExecutionId } from '../../domain/ids.ts'
import { releasedCredits } from '../../domain/ledger.ts'
import { isExecutionOver, type ExecutionStatus } from '../../domain/statuses.ts'
import type { Database, Transaction } from '../database.ts'
import { executions, executionSteps } from '../schema/index.ts'
import {
  completeBranches,
  type BranchCompletion,
  type CompletedBranches,
} from './branch-completion.ts'
import { appendEvents } from './execution-events.ts'
import { holdsOfExecution, settleHolds } from './execution-holds.ts'
import { lockExecution, lockExistingExecution } from './execution-lock.ts'
import type { LedgerRepository } from './ledger.ts'
import type { MediaStreamsRepository } from './media-streams.ts'
import { cancelOpenSteps } from './open-steps.ts'
import type { VideosRepository } from './videos.ts'

export interface CompletionRequest {
  readonly executionId: ExecutionId
  readonly files: RenderFiles
  readonly renderTimeSeconds: number
}

export interface AbandonRequest {
  readonly executionId: ExecutionId
  readonly ending: 'error' | 'canceled'
  readonly failure: FailureCode | null
  /** The step that failed; null when none did. */
  readonly step: string | null
}

/** `abandoned`: this call ended the execution. Otherwise it was over before, or (status null) there
 * is none, because its order was declined. */
export interface Abandonment {
  readonly abandoned: boolean
  readonly status: ExecutionStatus | null
  readonly releasedCredits: number
}

export interface EndingParts {
  readonly database: Database
  readonly ledger: LedgerRepository
  readonly videos: VideosRepository
  readonly streams: MediaStreamsRepository
  readonly clock: () => Date
}

interface Settlement {
  readonly executionId: ExecutionId
  readonly ending: 'partial' | 'error' | 'canceled'
  readonly failure?: FailureCode | null
  readonly step?: string | null
  readonly now: Date
}

/** Ends the rows of an execution whose last round has no result: its own, the failed step's, and those of the
 * steps that will not run any more. The caller has locked it and sees to hold and video. */
export const settleExecution = async (tx: Transaction, settlement: Settlement): Promise<void> => {
  const { ending, failure = null, step = null, now } = settlement
  const executionId = settlement.executionId
  const error = failure === null ? null : { ...publicFailure(failure), step }
  await tx
    .update(executions)
    .set({ status: ending, error, finishedAt: now })
    .where(eq(executions.id, executionId))
  if (step !== null && failure !== null) {
    await tx
      .update(executionSteps)
      .set({ status: 'failed', error: publicFailure(failure), finishedAt: now })
      .where(and(eq(executionSteps.executionId, executionId), eq(executionSteps.name, step)))
  }
  await cancelOpenSteps(tx, executionId, { now })
  await appendEvents(tx, executionId, [
    { type: 'execution.status', data: { status: ending, error } },
  ])
}

const completeLocked = async (
  tx: Transaction,
  request: CompletionRequest,
  { ledger, videos, clock }: EndingParts,
): Promise<{ readonly capturedCredits: number }> => {
  const { executionId, files } = request
  const status = await lockExistingExecution(tx, executionId)
  if (status === 'completed') {
    const hold = await ledger.holdOf(holdId(executionId), tx)
    return { capturedCredits: hold?.capturedCredits ?? 0 }
  }
  if (isExecutionOver(status)) {
    throw new MediaError('HOLD_CONFLICT', `execution ${executionId} is ${status}`)
  }
  const { capturedCredits } = await ledger.capture({ holdId: holdId(executionId) }, tx)
  if (!(await videos.markReady(request, tx))) {
    throw new MediaError('HOLD_CONFLICT', `execution ${executionId} has lost its video`)
  }
  const outputKeys = {
    croppedAudio: files.croppedAudioKey,
    video: files.videoKey,
    thumbnail: files.thumbnailKey,
    squareThumbnail: files.squareThumbnailKey,
  }
  await tx
    .update(executions)
    .set({ status: 'completed', outputKeys, finishedAt: clock() })
    .where(eq(executions.id, executionId))
  await appendEvents(tx, executionId, [
    { type: 'execution.status', data: { status: 'completed', error: null } },
  ])
  return { capturedCredits }
}

/** What an execution has when a round of it ends without a result: what earlier rounds delivered. */
const endingWithout = async (
  tx: Transaction,
  { executionId, ending }: AbandonRequest,
): Promise<'partial' | AbandonRequest['ending']> => {
  const [execution] = await tx
    .select({ retries: executions.retries, outputKeys: executions.outputKeys })
    .from(executions)
    .where(eq(executions.id, executionId))
  const { retries = 0, outputKeys = {} } = execution ?? {}
  return retries > 0 && Object.keys(outputKeys).length > 0 ? 'partial' : ending
}

const abandonLocked = async (
  tx: Transaction,
  request: AbandonRequest,
  { ledger, videos, streams, clock }: EndingParts,
): Promise<Abandonment> => {
  const { executionId } = request
  const status = await lockExecution(tx, executionId)
  if (status === null) return { abandoned: false, status, releasedCredits: 0 }
  if (isExecutionOver(status)) {
    const holds = await holdsOfExecution(tx, executionId)
    const releasedBefore = holds.reduce((sum, hold) => sum + releasedCredits(hold), 0)
    return { abandoned: false, status, releasedCredits: releasedBefore }
  }
  const released = await settleHolds(tx, executionId, { ledger, capturedCredits: 0 })
  const ending = await endingWithout(tx, request)
  if (ending !== 'partial') await videos.settle(executionId, ending, tx)
  await streams.settle(executionId, { status: ending }, tx)
  await settleExecution(tx, { ...request, ending, now: clock() })
  return { abandoned: true, status: ending, releasedCredits: released.releasedCredits }
}

/** Changes between `processing` and `stalled`; false when the execution is in neither of the two,
 * or is already where it should be. */
const switchStalled = async (
  tx: Transaction,
  executionId: ExecutionId,
  to: 'stalled' | 'processing',
  { videos }: EndingParts,
): Promise<boolean> => {
  const status = await lockExecution(tx, executionId)
  if (status === null || isExecutionOver(status) || status === to) return false
  await tx.update(executions).set({ status: to }).where(eq(executions.id, executionId))
  await appendEvents(tx, executionId, [
    { type: 'execution.status', data: { status: to, error: null } },
  ])
  await (to === 'stalled'
    ? videos.markStalled(executionId, tx)
    : videos.markResumed(executionId, tx))
  return true
}

/**
 * How executions stall, resume and end. An execution is *pending* → *processing* ⇄ *stalled*, and
 * from each of these goes to *completed* (hold captured, video ready), *error* or *canceled* (hold
 * voided), once. Each change is one transaction over execution, hold, credits and video. A round of
 * branches (`completeBranches`) may also end *partial*; that and *error* may be followed by a retry.
 */
export const createExecutionEndings = (parts: EndingParts) => ({
  /** Publishes the result and captures the hold. *Idempotent.* *Errors:* HOLD_CONFLICT when the
   * execution or its hold has ended another way (nothing is published); NOT_FOUND. */
  complete: (request: CompletionRequest): Promise<{ readonly capturedCredits: number }> =>
    parts.database.transaction((tx) => completeLocked(tx, request, parts)),

  completeBranches: (request: BranchCompletion): Promise<CompletedBranches> =>
    parts.database.transaction((tx) => completeBranches(tx, request, parts)),

  /** Ends an execution without a result and voids its hold; one that is over stays as it is. After
   * a retry it is `partial` again, for what was delivered before stands.
   * *Idempotent*: `releasedCredits` is the same each time. */
  abandon: (request: AbandonRequest): Promise<Abandonment> =>
    parts.database.transaction((tx) => abandonLocked(tx, request, parts)),

  markStalled: (executionId: ExecutionId): Promise<boolean> =>
    parts.database.transaction((tx) => switchStalled(tx, executionId, 'stalled', parts)),

  markResumed: (executionId: ExecutionId): Promise<boolean> =>
    parts.database.transaction((tx) => switchStalled(tx, executionId, 'processing', parts)),
})
