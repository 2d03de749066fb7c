/** Orders: each starts its workflow or finds it, and is answered by it in the same round trip. */

import { setTimeout as delay } from 'node:timers/promises'
import {
  isGrpcServiceError,
  ServiceError,
  WithStartWorkflowOperation,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type Client,
} from '@temporalio/client'
import {
  ActivityFailure,
  ApplicationFailure,
  defineSearchAttributeKey,
  TypedSearchAttributes,
} from '@temporalio/common'
import type {
  PipelineAdmission,
  PipelineOrder,
  RenderAdmission,
  RenderOrder,
} from '../contracts/orders.ts'
import type { Queue } from '../contracts/queues.ts'
import { isFailureCode, MediaError } from '../domain/failures.ts'
import { pipelineWorkflowId, renderWorkflowId } from '../domain/ids.ts'
import { SEARCH_ATTRIBUTES } from '../domain/search-attributes.ts'
import { admitOrder, admitRender } from '../workflows/messages.ts'
import { temporalPriority, type Placement } from './placement.ts'

/** An order that is not answered by then is worth a question whether Temporal is there at all. */
const ADMISSION_PATIENCE_MS = 500
/** A workflow that ends while it is being asked is followed by a new one; twice is bad luck enough. */
const ADMISSION_ATTEMPTS = 3
/** A status of gRPC: the server is there, but the workflow cannot be reached by this call. */
const NOT_FOUND = 5
const FAILED_PRECONDITION = 9
const ABORTED = 10

const QUEUE: Queue = 'pipelines'

const keyword = (name: string) => defineSearchAttributeKey(name, 'KEYWORD')

/** What an order is searched by. */
export const orderAttributes = (accountId: string, executionId: string): TypedSearchAttributes =>
  new TypedSearchAttributes([
    { key: keyword(SEARCH_ATTRIBUTES.account), value: accountId },
    { key: keyword(SEARCH_ATTRIBUTES.execution), value: executionId },
  ])

const grpcCode = (error: unknown): number | null => {
  const cause = error instanceof ServiceError ? error.cause : error
  return isGrpcServiceError(cause) ? cause.code : null
}

/** The failure of a call that did not reach Temporal. */
export const unreachable = (error: unknown): MediaError =>
  new MediaError('TEMPORAL_UNAVAILABLE', String(error), { cause: error })

export const isUnreachable = (error: unknown): boolean =>
  error instanceof ServiceError ||
  error instanceof WorkflowUpdateRPCTimeoutOrCancelledError ||
  isGrpcServiceError(error)

/** The workflow ended while the update was on its way to it; a new one takes the order. */
const endedMeanwhile = (error: unknown): boolean => {
  if (error instanceof WorkflowNotFoundError) return true
  if (error instanceof WorkflowUpdateFailedError) {
    const type = error.cause !== undefined && 'type' in error.cause ? error.cause.type : ''
    return type === 'AcceptedUpdateCompletedWorkflow'
  }
  const code = grpcCode(error)
  return code === NOT_FOUND || code === FAILED_PRECONDITION || code === ABORTED
}

/** Why the workflow would not take an order, when it said so by a code of the catalogue. */
const refusalOf = (error: unknown): MediaError | null => {
  if (!(error instanceof WorkflowUpdateFailedError)) return null
  const { cause } = error
  const failure = cause instanceof ActivityFailure ? cause.cause : cause
  if (!(failure instanceof ApplicationFailure) || !isFailureCode(failure.type)) return null
  return new MediaError(failure.type, failure.message, { cause: error })
}

export interface OrderCalls {
  /**
   * Orders a render of the video in one round trip, whether or not one is running.
   * *Idempotent* by execution id. *Errors:* TEMPORAL_UNAVAILABLE, also when no worker answers in time;
   * the order may then have been taken, and the same execution id finds it.
   */
  orderRender(input: {
    readonly order: RenderOrder
    readonly placement: Placement
    readonly summary: string
  }): Promise<RenderAdmission>
  /** As `orderRender`, for the other pipelines and their retries. *Idempotent* by execution id and
   * retry. */
  orderPipeline(input: {
    readonly order: PipelineOrder
    readonly placement: Placement
    readonly summary: string
  }): Promise<PipelineAdmission>
}

interface Ordering {
  readonly order: { readonly accountId: string; readonly executionId: string }
  readonly placement: Placement
  readonly summary: string
}

const orderOptions = ({ order, placement, summary }: Ordering) =>
  ({
    taskQueue: QUEUE,
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    priority: temporalPriority(placement),
    // Admission takes milliseconds; a status of its own would cost the server another write.
    typedSearchAttributes: orderAttributes(order.accountId, order.executionId).updateCopy([
      { key: keyword(SEARCH_ATTRIBUTES.status), value: 'processing' },
    ]),
    staticSummary: summary,
  }) as const

/** The calls by which work is ordered. `ping` tells whether Temporal is there at all. */
export const createOrderCalls = (
  client: Client,
  {
    admissionTimeoutMs,
    ping,
  }: {
    readonly admissionTimeoutMs: number
    readonly ping: () => Promise<void>
  },
): OrderCalls => {
  /** A call that waits for a worker may take long; that Temporal is away shall be said sooner. */
  const whileReachable = async <T>(call: () => Promise<T>): Promise<T> => {
    const over = new AbortController()
    const answer = client.withAbortSignal(over.signal, call)
    const watch = async (): Promise<T> => {
      await delay(ADMISSION_PATIENCE_MS, undefined, { signal: over.signal })
      await ping()
      return await answer
    }
    try {
      return await Promise.race([answer, watch()])
    } finally {
      over.abort()
    }
  }

  const orderRenderOnce: OrderCalls['orderRender'] = (input) =>
    client.workflow.executeUpdateWithStart(admitRender, {
      updateId: input.order.executionId,
      args: [input.order],
      startWorkflowOperation: new WithStartWorkflowOperation('render', {
        ...orderOptions(input),
        workflowId: renderWorkflowId(input.order.videoId),
        args: [{ videoId: input.order.videoId, admitted: null }],
      }),
    })

  const orderPipelineOnce: OrderCalls['orderPipeline'] = (input) => {
    const { executionId, pipeline, round: nth } = input.order
    return client.workflow.executeUpdateWithStart(admitOrder, {
      updateId: nth === 0 ? executionId : `${executionId}:retry-${nth}`,
      args: [input.order],
      startWorkflowOperation: new WithStartWorkflowOperation(pipeline, {
        ...orderOptions(input),
        workflowId: pipelineWorkflowId(pipeline, executionId),
        args: [{ admitted: null }],
      }),
    })
  }

  /** An order is answered by a workflow, which may end just then; a new one takes the order. */
  const admitted = async <T>(orderOnce: () => Promise<T>): Promise<T> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await whileReachable(() =>
          client.withDeadline(Date.now() + admissionTimeoutMs, orderOnce),
        )
      } catch (error) {
        if (endedMeanwhile(error) && attempt < ADMISSION_ATTEMPTS) continue
        const refusal = refusalOf(error)
        if (refusal !== null) throw refusal
        throw isUnreachable(error) || endedMeanwhile(error) ? unreachable(error) : error
      }
    }
  }

  return {
    orderRender: (input) => admitted(() => orderRenderOnce(input)),
    orderPipeline: (input) => admitted(() => orderPipelineOnce(input)),
  }
}
