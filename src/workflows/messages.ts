/** Every message that a workflow takes; the API sends them by these definitions. */

import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow'
import type { ExecutionId } from '../domain/ids.ts'
import type {
  OutcomeDecided,
  PipelineAdmission,
  PipelineOrder,
  PipelineProgress,
  RenderAdmission,
  RenderOrder,
  RenderProgress,
  TaskEvent,
} from '../contracts/orders.ts'

/** Orders a render of the workflow's video. A running render is superseded by it. */
export const admitRender = defineUpdate<RenderAdmission, [RenderOrder]>('admitRender')

/** Orders the work of a pipeline other than `render`, or a retry of what failed. */
export const admitOrder = defineUpdate<PipelineAdmission, [PipelineOrder]>('admitOrder')

/** A remote job ended. */
export const taskEvent = defineSignal<[TaskEvent]>('taskEvent')

/** Tries a stalled render again at once. */
export const retry = defineSignal('retry')

/** A run may cost more than it was allowed to; null: whatever was held for it. */
export const limitRaised = defineSignal<[{ readonly maxCredits: number | null }]>('limitRaised')

/** An operator has decided what becomes of an order that its provider may have taken. */
export const outcomeDecided = defineSignal<[OutcomeDecided]>('outcomeDecided')

/** Cancels one order and no other: a workflow id outlives its orders. */
export const cancelExecution =
  defineSignal<[{ readonly executionId: ExecutionId }]>('cancelExecution')

export const progress = defineQuery<RenderProgress>('progress')

/** Under the same name, of the other pipelines. */
export const pipelineProgress = defineQuery<PipelineProgress>('progress')
