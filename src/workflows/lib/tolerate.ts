import { isCancellation, log } from '@temporalio/workflow'
import { failureCodeOf } from './failures.ts'

/** Runs a step whose failure is a fact in the log and on the step, and no reason to stop. Answers
 * null when it failed. */
export const tolerate = async <T>(step: string, work: () => Promise<T>): Promise<T | null> => {
  try {
    return await work()
  } catch (error) {
    if (isCancellation(error)) throw error
    log.error('a step failed and the work went on', { step, failure: failureCodeOf(error) })
    return null
  }
}
