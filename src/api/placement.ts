import type { Priority } from '@temporalio/common'
import { planTerms, type Plan } from '../domain/plans.ts'

/** Where an order stands among all that wait. */
export interface Placement {
  readonly accountId: string
  /** Whose share of a busy queue it counts to. */
  readonly fairnessKey: string
  /** 1 goes first. */
  readonly priority: number
  readonly fairnessWeight: number
}

/** The place in the queue: as asked, but never before what the plan has paid for. Spool itself asks
 * for what its customers' plans have paid for. */
export const placementOf = (
  account: { readonly id: string; readonly plan: Plan },
  asked: number | undefined,
): Placement => {
  const { priority: paid, fairnessWeight } = planTerms(account.plan)
  const best = account.plan === 'internal' ? 1 : paid
  return {
    accountId: account.id,
    fairnessKey: account.id,
    priority: Math.max(asked ?? paid, best),
    fairnessWeight,
  }
}

/** As Temporal has it. */
export const temporalPriority = ({
  priority,
  fairnessKey,
  fairnessWeight,
}: Placement): Priority => ({ priorityKey: priority, fairnessKey, fairnessWeight })
