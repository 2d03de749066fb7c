import { isCancellation, log } from '@temporalio/workflow'
import type { BranchResult } from '../../contracts/orders.ts'
import { failureCodeOf } from './failures.ts'
import type { OrderDesk } from './order-desk.ts'
import { settleAll } from './settle-all.ts'

/** A step that stands beside others: its failure is its own. */
export interface Branch {
  readonly step: string
  readonly work: () => Promise<{
    readonly outputs?: Readonly<Record<string, string>>
    readonly skipped?: string
  }>
}

/** More than any pipeline has; queues bound what really runs at once. */
const BRANCHES_AT_ONCE = 20

/**
 * Runs the branches beside each other, each to its own end, and answers how every one of them ended.
 * Those of `done` were ended by an earlier round and are left out.
 */
export const runBranches = async (
  desk: OrderDesk,
  branches: readonly Branch[],
  done: readonly string[],
): Promise<readonly BranchResult[]> => {
  const open = branches.filter(({ step }) => !done.includes(step))
  return await settleAll(open, BRANCHES_AT_ONCE, (branch) => runBranch(desk, branch))
}

const runBranch = async (desk: OrderDesk, { step, work }: Branch): Promise<BranchResult> => {
  try {
    const { outputs = {}, skipped } = await desk.during(step, work)
    const outcome = skipped === undefined ? 'completed' : 'skipped'
    return { step, outcome, failure: null, outputs }
  } catch (error) {
    if (isCancellation(error)) return { step, outcome: 'canceled', failure: null, outputs: {} }
    const failure = failureCodeOf(error)
    log.error('a branch failed and the others go on', { step, failure })
    return { step, outcome: 'failed', failure, outputs: {} }
  }
}
