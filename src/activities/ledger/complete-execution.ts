import type { LedgerActivities } from '../../contracts/activities.ts'
import { logEncodes } from '../clips/log-encodes.ts'
import type { ActivityDependencies } from '../dependencies.ts'

/**
 * Ends a round of an order whose steps stood beside each other: publishes what they delivered, settles
 * each step, captures the price of what was delivered and frees the rest, in one transaction.
 * *Idempotent.* *Errors:* HOLD_CONFLICT (final) when the execution ended another way.
 */
export const completeExecution =
  (deps: ActivityDependencies): LedgerActivities['completeExecution'] =>
  async (input) => {
    const { capturedCredits, isRepeated } = await deps.executions.completeBranches(input)
    if (!isRepeated) await logEncodes(deps, input)
    return { capturedCredits }
  }
