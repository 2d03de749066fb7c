import type { LedgerActivities } from '../../contracts/activities.ts'
import type { ActivityDependencies } from '../dependencies.ts'

/**
 * Publishes a render: files and status of the video, end of the execution and capture of the hold,
 * in one transaction. *Idempotent.* *Errors:* HOLD_CONFLICT (final) when the hold ended another way.
 */
export const markReady =
  ({ executions }: ActivityDependencies): LedgerActivities['markReady'] =>
  async (input) => {
    const { capturedCredits } = await executions.complete(input)
    return { capturedCredits }
  }
