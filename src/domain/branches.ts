/** How an order of several steps beside each other ended, from how each of them did. */

export interface BranchEnding {
  readonly outcome: 'completed' | 'skipped' | 'failed' | 'canceled'
}

export type OrderOutcome = 'completed' | 'partial' | 'error' | 'canceled'

/**
 * A branch that fails does not spoil the others: what was delivered, now or in an earlier round, is a
 * result. `canceled` is an order that somebody stopped before all of it was done.
 */
export const outcomeOf = (
  branches: readonly BranchEnding[],
  { deliveredBefore }: { readonly deliveredBefore: boolean },
): OrderOutcome => {
  const has = (outcome: BranchEnding['outcome']) =>
    branches.some((branch) => branch.outcome === outcome)
  if (has('canceled')) return 'canceled'
  if (!has('failed')) return 'completed'
  return has('completed') || deliveredBefore ? 'partial' : 'error'
}
