import type { SweepActivities } from '../../contracts/activities.ts'
import type { Hold } from '../../db/repositories/ledger.ts'
import { isId, orderOfHold } from '../../domain/ids.ts'
import type { ActivityDependencies } from '../dependencies.ts'

/** How many holds one sweep looks at; the next one is minutes away. */
const HOLDS_PER_SWEEP = 1_000

/**
 * Ends holds that are past their time and whose workflow is closed: one that was terminated or timed
 * out ran no compensation. What the hold was for is settled as canceled with it. A hold whose
 * workflow still runs is left to it. *Idempotent.*
 */
export const expireHolds =
  (deps: ActivityDependencies): SweepActivities['expireHolds'] =>
  async () => {
    const { ledger, isWorkflowRunning, clock, log } = deps
    let expired = 0
    for (const hold of await ledger.expiredPending(clock(), HOLDS_PER_SWEEP)) {
      if (await isWorkflowRunning(hold.workflowId)) continue
      await ledger.expire(hold.id)
      await settleOrder(deps, hold)
      log.warn({ holdId: hold.id, workflowId: hold.workflowId }, 'a hold was ended by the sweep')
      expired += 1
    }
    return { expired }
  }

const settleOrder = async (
  { executions, tasks }: ActivityDependencies,
  hold: Hold,
): Promise<void> => {
  const orderId = orderOfHold(hold.id)
  const ending = { ending: 'canceled', failure: null } as const
  if (isId('execution', orderId)) {
    await executions.abandon({ executionId: orderId, ...ending, step: null })
  } else if (isId('task', orderId)) {
    await tasks.abandon({ taskId: orderId, ...ending })
  }
}
