import { CancellationScope, isCancellation, log } from '@temporalio/workflow'
import type { TaskEvent } from '../../contracts/orders.ts'
import type { FailureCode } from '../../domain/failures.ts'
import type { Inbox } from './inbox.ts'

/** A job that runs elsewhere and that we have already ordered. */
export interface RemoteJob {
  readonly taskId: string
  readonly inbox: Inbox
  /** Constant, or by how often it was asked. */
  readonly pollIntervalMs: number | ((asks: number) => number)
  readonly stallTimeoutMs: number
  /** Good news is confirmed too, for whoever brings it may be mistaken: of several tasks of one job the
   * first is not the end. */
  readonly confirmsSuccess?: boolean
  readonly inspect: () => Promise<{
    readonly status: 'queued' | 'processing' | 'completed' | 'failed' | 'canceled'
    readonly failure: FailureCode | null
    readonly silentMs: number
  }>
  readonly cancel: () => Promise<void>
}

export type RemoteEnding =
  | { readonly status: 'completed'; readonly event: TaskEvent }
  | { readonly status: 'failed'; readonly failure: FailureCode }

/**
 * Waits for the end of a remote job: for its webhook or, whichever comes first, for a timer that
 * asks the provider (some stop retrying a webhook after a minute). Progress never comes through
 * here. A job without a sign of life for the stall time is cancelled where it runs and counts as
 * failed; so is one that is still running when our own work is cancelled, before the cancellation
 * goes on its way.
 */
export const awaitRemoteJob = async (job: RemoteJob): Promise<RemoteEnding> => {
  const { taskId } = job
  try {
    for (let asks = 0; ; asks += 1) {
      const { pollIntervalMs } = job
      const waitMs = typeof pollIntervalMs === 'number' ? pollIntervalMs : pollIntervalMs(asks)
      const event = await job.inbox.next(taskId, waitMs)
      if (event?.status === 'completed' && job.confirmsSuccess !== true) {
        return { status: 'completed', event }
      }
      // Bad news is confirmed before it costs a renderer its turn.
      const news = await job.inspect()
      if (news.status === 'completed') {
        return { status: 'completed', event: { taskId, status: 'completed' } }
      }
      if (news.status === 'failed' || news.status === 'canceled') {
        return { status: 'failed', failure: news.failure ?? 'RENDERER_FAILED' }
      }
      if (news.silentMs > job.stallTimeoutMs) {
        await cancelIfPossible(job)
        return { status: 'failed', failure: 'RENDERER_STALLED' }
      }
    }
  } catch (error) {
    // Whatever ended the wait, nobody takes what it makes from now on.
    await CancellationScope.nonCancellable(() => cancelIfPossible(job))
    throw error
  }
}

/** A renderer that cannot even be told to stop must not keep us from going on. */
const cancelIfPossible = async (job: RemoteJob): Promise<void> => {
  try {
    await job.cancel()
  } catch (error) {
    if (isCancellation(error)) throw error
    log.warn('a remote job could not be cancelled', { taskId: job.taskId })
  }
}
