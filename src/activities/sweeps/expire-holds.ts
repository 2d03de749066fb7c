import type { SweepActivities } from '../../contracts/activities.ts'
import type { Hold } from '../../db/repositories/ledger.ts'
import { isId, orderOfHold } from '../../domain/ids.ts'
import type { ActivityDependencies } from '../dependencies.ts'

/** How many holds, and executions without one, a sweep looks at; the next one is minutes away. */
const LOOKS_PER_SWEEP = 1_000

/**
 * Ends holds that are past their time and whose workflow is closed: one that was terminated or timed
 * out ran no compensation. What the hold was for is settled as canceled with it, and so is an execution
 * of the same age for which nothing had to be held. One whose workflow still runs is left to it.
 * *Idempotent.*
 */
export const expireHolds =
  (deps: ActivityDependencies): SweepActivities['expireHolds'] =>
  async () => {
    const { ledger, isWorkflowRunning, clock, log } = deps
    let expired = 0
    for (const hold of await ledger.expiredPending(clock(), LOOKS_PER_SWEEP)) {
      if (await isWorkflowRunning(hold.workflowId)) continue
      await ledger.expire(hold.id)
      await settleOrder(deps, hold)
      log.warn({ holdId: hold.id, workflowId: hold.workflowId }, 'a hold was ended by the sweep')
      expired += 1
    }
    await endUnheld(deps)
    return { expired }
  }

const endUnheld = async (deps: ActivityDependencies): Promise<void> => {
  const { executions, isWorkflowRunning, settings, clock, log } = deps
  const before = new Date(clock().getTime() - settings.holdTtlMs)
  for (const { id, workflowId } of await executions.unheldBefore(before, LOOKS_PER_SWEEP)) {
    if (await isWorkflowRunning(workflowId)) continue
    await executions.abandon({ executionId: id, ending: 'canceled', failure: null, step: null })
    log.warn({ executionId: id, workflowId }, 'an execution was ended by the sweep')
  }
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
