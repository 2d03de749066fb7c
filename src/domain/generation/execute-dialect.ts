/** What executions and jobs are in the published plan dialect, which knows four states. */

import type { ExecutionStatus, StepStatus } from '../statuses.ts'

export const EXECUTE_STATUSES = ['pending', 'processing', 'completed', 'failed'] as const
export type ExecuteStatus = (typeof EXECUTE_STATUSES)[number]

/** A plan that was done in part is completed there if what it is for has been made. */
export const executeStatusOf = (status: ExecutionStatus, hasResult: boolean): ExecuteStatus => {
  switch (status) {
    case 'pending':
      return 'pending'
    case 'processing':
    case 'stalled':
      return 'processing'
    case 'completed':
      return 'completed'
    case 'partial':
      return hasResult ? 'completed' : 'failed'
    case 'error':
    case 'canceled':
      return 'failed'
  }
}

export const executeJobStatusOf = (status: StepStatus): ExecuteStatus => {
  switch (status) {
    case 'pending':
      return 'pending'
    case 'processing':
      return 'processing'
    case 'completed':
      return 'completed'
    case 'failed':
    case 'skipped':
    case 'canceled':
      return 'failed'
  }
}
