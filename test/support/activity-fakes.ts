import { CancelledFailure, Context } from '@temporalio/activity'
import { ApplicationFailure } from '@temporalio/common'
import type { FailureCode } from '../../src/domain/failures.ts'

/** A failure as the activities make it. */
export const failWith = (code: FailureCode, nonRetryable = true): ApplicationFailure =>
  ApplicationFailure.create({ type: code, message: code, nonRetryable })

/** Waits in an activity, with a heart that beats, as that of FFmpeg work does. */
export const beatingUntil = async <T>(over: Promise<T>): Promise<T> => {
  const context = Context.current()
  const beat = setInterval(() => context.heartbeat(), 200)
  try {
    return await over
  } finally {
    clearInterval(beat)
  }
}

/** Waits in an activity until it is cancelled. */
export const untilCancelled = (): Promise<never> => beatingUntil(Context.current().cancelled)

/** What an activity was called with. */
export interface NotedCall {
  readonly name: string
  readonly input: never
}

/** The same activities, each of which tells when it is called, and when it ends and how. */
export const telling = <Activities extends object>(
  activities: Activities,
  tell: {
    readonly called: (call: NotedCall) => void
    readonly ended?: (name: string, how: 'completed' | 'failed' | 'cancelled') => void
  },
): Activities => {
  const entries = Object.entries(activities) as [string, (input: never) => Promise<unknown>][]
  const wrapped = entries.map(([name, activity]) => {
    const call = async (input: never) => {
      tell.called({ name, input })
      try {
        const answer = await activity(input)
        tell.ended?.(name, 'completed')
        return answer
      } catch (error) {
        tell.ended?.(name, error instanceof CancelledFailure ? 'cancelled' : 'failed')
        throw error
      }
    }
    return [name, call] as const
  })
  return Object.fromEntries(wrapped) as Activities
}
