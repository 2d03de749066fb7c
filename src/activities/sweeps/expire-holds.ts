import type { SweepActivities } from '../../contracts/activities.ts'
import type { ActivityDependencies } from '../dependencies.ts'

/** How many holds one sweep looks at; the next one is minutes away. */
const HOLDS_PER_SWEEP = 200

/**
 * Ends holds that are past their time and whose workflow is closed: one that was terminated or timed
 * out ran no compensation. A hold whose workflow still runs is left to it. *Idempotent.*
 */
export const expireHolds =
  ({
    ledger,
    isWorkflowRunning,
    clock,
    log,
  }: ActivityDependencies): SweepActivities['expireHolds'] =>
  async () => {
    let expired = 0
    for (const hold of await ledger.expiredPending(clock(), HOLDS_PER_SWEEP)) {
      if (await isWorkflowRunning(hold.workflowId)) continue
      await ledger.expire(hold.id)
      log.warn({ holdId: hold.id, workflowId: hold.workflowId }, 'a hold was ended by the sweep')
      expired += 1
    }
    return { expired }
  }
