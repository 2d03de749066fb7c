/** The states of videos, executions, steps, tasks and holds, and the sets of them that matter. */

export const VIDEO_STATUSES = [
  'draft',
  'pending',
  'processing',
  'stalled',
  'ready',
  'error',
  'canceled',
] as const

export const EXECUTION_STATUSES = [
  'pending',
  'processing',
  'stalled',
  'completed',
  'partial',
  'error',
  'canceled',
] as const
export type ExecutionStatus = (typeof EXECUTION_STATUSES)[number]

/** The state of a medium's stream: that of its newest order, seen from the medium. */
export const MEDIA_STREAM_STATUSES = [
  'processing',
  'ready',
  'partial',
  'error',
  'canceled',
] as const
export type MediaStreamStatus = (typeof MEDIA_STREAM_STATUSES)[number]

export const STEP_STATUSES = [
  'pending',
  'processing',
  'completed',
  'failed',
  'skipped',
  'canceled',
] as const
export type StepStatus = (typeof STEP_STATUSES)[number]

export const TASK_STATUSES = ['queued', 'processing', 'completed', 'failed', 'canceled'] as const
export type TaskStatus = (typeof TASK_STATUSES)[number]

export const HOLD_STATES = ['pending', 'captured', 'voided', 'expired', 'declined'] as const
export type HoldState = (typeof HOLD_STATES)[number]

export const DELIVERY_STATUSES = ['pending', 'delivered', 'failed'] as const
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number]

/** An execution in one of these states will not change any more by itself. `partial`: some of what
 * was ordered is delivered and paid for, and the rest may be ordered again by a retry. */
export const isExecutionOver = (status: ExecutionStatus): boolean =>
  status === 'completed' || status === 'partial' || status === 'error' || status === 'canceled'

/** Ended without all that was ordered, and not because somebody wanted it so. */
export const mayBeRetried = (status: ExecutionStatus): boolean =>
  status === 'partial' || status === 'error'

/** The work on a step is done for good: no retry repeats it. */
export const isStepDone = (status: StepStatus): boolean =>
  status === 'completed' || status === 'skipped'

/** A task in one of these states will not change any more. */
export const isTaskOver = (status: TaskStatus): boolean =>
  status === 'completed' || status === 'failed' || status === 'canceled'

/** For exhaustive switches: a value that the compiler thinks cannot be. */
export const assertNever = (value: never): never => {
  throw new TypeError(`unexpected value: ${JSON.stringify(value)}`)
}
