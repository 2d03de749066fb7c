import type { GenerationActivities } from '../../contracts/generation-activities.ts'
import type { ActivityDependencies } from '../dependencies.ts'

/** Ends a job without a result for this round; whoever makes the same may begin. *Idempotent.* */
export const failJob =
  ({ generations }: ActivityDependencies): GenerationActivities['failJob'] =>
  async ({ executionId, jobId, failure }) => {
    await generations.failJob({ executionId, jobId, failure })
  }

/** Shows that a job waits for somebody outside, and with it its execution; or that it goes on.
 * *Idempotent.* */
export const markWaiting =
  ({ generations }: ActivityDependencies): GenerationActivities['markWaiting'] =>
  async ({ executionId, jobId, waitingFor }) => {
    await generations.markWaiting({ executionId, jobId, waitingFor })
  }
