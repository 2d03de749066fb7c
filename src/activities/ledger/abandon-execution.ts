import type { LedgerActivities } from '../../contracts/activities.ts'
import type { ActivityDependencies } from '../dependencies.ts'

/**
 * Ends an execution that has no result: voids what is still held and settles execution, steps and
 * video, in one transaction. What is over already stays as it is. *Idempotent.*
 */
export const abandonExecution =
  ({ executions }: ActivityDependencies): LedgerActivities['abandonExecution'] =>
  async (input) => {
    const { releasedCredits } = await executions.abandon(input)
    return { releasedCredits }
  }
