import type { FailureCode } from '../../domain/failures.ts'
import { GaveUp } from './failures.ts'
import { awaitRemoteJob, type RemoteJob } from './remote-job.ts'

type Waiting = Pick<RemoteJob, 'taskId' | 'inbox' | 'pollIntervalMs' | 'stallTimeoutMs' | 'cancel'>

/** A job that a provider has taken. */
export interface ProviderJob extends Waiting {
  /** When it was ordered. */
  readonly startedAtMs: number
  /** For all of the work. */
  readonly timeoutMs: number
  readonly inspect: () => Promise<{
    readonly status: 'queued' | 'processing' | 'completed' | 'failed' | 'canceled'
    readonly failure: FailureCode | null
    /** False when the provider could not be asked. */
    readonly answered: boolean
  }>
}

/**
 * Waits until a provider has done a job: for its webhook or the poll, confirmed by asking. A provider
 * that gives no answer for the stall time is given up, as is a job that is not done in its time; both are
 * cancelled there. *Errors:* PROVIDER_*, or what the provider says of the input.
 */
export const awaitProviderJob = async (job: ProviderJob): Promise<void> => {
  const { startedAtMs, timeoutMs, inspect } = job
  let answeredAtMs = Date.now()
  const ending = await awaitRemoteJob({
    ...job,
    confirmsSuccess: true,
    inspect: async () => {
      const { status, failure, answered } = await inspect()
      if (answered) answeredAtMs = Date.now()
      const isLate = Date.now() - startedAtMs >= timeoutMs
      const silentMs = isLate ? Infinity : Date.now() - answeredAtMs
      return { status, failure, silentMs }
    },
  })
  if (ending.status === 'failed') throw new GaveUp(ofProvider(ending.failure))
}

/** The same failure, said of a provider. */
const ofProvider = (failure: FailureCode): FailureCode => {
  if (failure === 'RENDERER_STALLED') return 'PROVIDER_UNAVAILABLE'
  return failure === 'RENDERER_FAILED' ? 'PROVIDER_FAILED' : failure
}
