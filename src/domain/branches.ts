/** How an order of several steps beside each other ended, from how each of them did. */

import { failureRule, type FailureCode } from './failures.ts'

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

/** The failure that operators are told of when there are several: one of ours before any other. */
export const failureToTell = <
  Branch extends BranchEnding & { readonly failure: FailureCode | null },
>(
  branches: readonly Branch[],
): Branch | null => {
  const failed = branches.filter(({ outcome }) => outcome === 'failed')
  const ours = failed.find(({ failure }) => failureRule(failure ?? 'INTERNAL').blame === 'platform')
  return ours ?? failed[0] ?? null
}
