import type { LedgerActivities } from '../../contracts/activities.ts'
import { encodeFacts } from '../clips/encode-facts.ts'
import type { ActivityDependencies } from '../dependencies.ts'

/**
 * Ends a round of an order whose steps stood beside each other: publishes what they delivered, settles
 * each step, captures the price of what was delivered and frees the rest, in one transaction.
 * *Idempotent.* *Errors:* HOLD_CONFLICT (final) when the execution ended another way.
 */
export const completeExecution =
  (deps: ActivityDependencies): LedgerActivities['completeExecution'] =>
  async (input) => {
    // Before the end, which is to be short: the step is seen as open until this returns.
    const facts = await encodeFacts(deps, input)
    const { capturedCredits, isRepeated } = await deps.executions.completeBranches(input)
    if (facts !== null && !isRepeated) deps.log.info({ ...facts }, 'encode_complete')
    return { capturedCredits }
  }
