/** Every call of the API to Temporal: orders, commands, news. No call waits without an end. */

import { setTimeout as delay } from 'node:timers/promises'
import {
  isGrpcServiceError,
  ServiceError,
  WithStartWorkflowOperation,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type Client,
} from '@temporalio/client'
import { defineSearchAttributeKey, type Priority, TypedSearchAttributes } from '@temporalio/common'
import type { RenderAdmission, RenderOrder, TaskEvent } from '../contracts/orders.ts'
import type { Queue } from '../contracts/queues.ts'
import { SEARCH_ATTRIBUTES } from '../domain/search-attributes.ts'
import { MediaError } from '../domain/failures.ts'
import {
  deliveryWorkflowId,
  renderWorkflowId,
  taskWorkflowId,
  type DeliveryId,
  type TaskId,
} from '../domain/ids.ts'
import { admitRender, cancelExecution, retry, taskEvent } from '../workflows/messages.ts'

/** Short calls: a signal or a start that the server only has to write down. */
const CALL_TIMEOUT_MS = 2_000
/** An order that is not answered by then is worth a question whether Temporal is there at all. */
const ADMISSION_PATIENCE_MS = 500
/** A workflow that ends while it is being asked is followed by a new one; twice is bad luck enough. */
const ADMISSION_ATTEMPTS = 3
/** A status of gRPC: the server is there, but the workflow cannot be reached by this call. */
const NOT_FOUND = 5
const FAILED_PRECONDITION = 9
const ABORTED = 10

const QUEUE: Queue = 'pipelines'

export interface Placement {
  readonly accountId: string
  /** Whose share of a busy queue it counts to. */
  readonly fairnessKey: string
  /** 1 goes first. */
  readonly priority: number
  readonly fairnessWeight: number
}

const temporalPriority = ({ priority, fairnessKey, fairnessWeight }: Placement): Priority => ({
  priorityKey: priority,
  fairnessKey,
  fairnessWeight,
})

const keyword = (name: string) => defineSearchAttributeKey(name, 'KEYWORD')

const attributes = (accountId: string, executionId: string): TypedSearchAttributes =>
  new TypedSearchAttributes([
    { key: keyword(SEARCH_ATTRIBUTES.account), value: accountId },
    { key: keyword(SEARCH_ATTRIBUTES.execution), value: executionId },
  ])

const grpcCode = (error: unknown): number | null => {
  const cause = error instanceof ServiceError ? error.cause : error
  return isGrpcServiceError(cause) ? cause.code : null
}

const away = (error: unknown): MediaError =>
  new MediaError('TEMPORAL_UNAVAILABLE', String(error), { cause: error })

const isAway = (error: unknown): boolean =>
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

export interface WorkflowService {
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
  /** *Idempotent* by task id. */
  startTask(input: {
    readonly taskId: TaskId
    readonly placement: Placement
    readonly summary: string
  }): Promise<void>
  /** *Idempotent* by `repetition`. */
  repeatDelivery(input: {
    readonly deliveryId: DeliveryId
    readonly repetition: number
  }): Promise<{ readonly workflowId: string }>
  /** Each answers whether there was a running workflow to tell. */
  tellTaskEvent(workflowId: string, event: TaskEvent): Promise<boolean>
  tellCancel(workflowId: string, executionId: string): Promise<boolean>
  tellRetry(workflowId: string): Promise<boolean>
  cancelTask(taskId: TaskId): Promise<boolean>
  /** *Errors:* TEMPORAL_UNAVAILABLE. */
  ping(): Promise<void>
  /** Tasks that wait on a queue, workflow and activity tasks together. */
  backlog(queue: Queue): Promise<number>
}

type QueueKind = NonNullable<
  Parameters<Client['workflowService']['describeTaskQueue']>[0]['taskQueueType']
>

/** `TaskQueueType` of the gRPC interface, whose enum the client does not export. */
// oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- the enum cannot be named here
const QUEUE_KINDS = [1 as QueueKind, 2 as QueueKind]

export const createWorkflowService = (
  client: Client,
  { admissionTimeoutMs }: { readonly admissionTimeoutMs: number },
): WorkflowService => {
  const within = async <T>(timeoutMs: number, call: () => Promise<T>): Promise<T> => {
    try {
      return await client.withDeadline(Date.now() + timeoutMs, call)
    } catch (error) {
      if (error instanceof WorkflowNotFoundError || !isAway(error)) throw error
      throw away(error)
    }
  }

  const tell = async (send: () => Promise<unknown>): Promise<boolean> => {
    try {
      await within(CALL_TIMEOUT_MS, send)
      return true
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return false
      throw error
    }
  }

  const start = async (
    type: string,
    options: Parameters<typeof client.workflow.start>[1],
  ): Promise<void> => {
    try {
      await within(CALL_TIMEOUT_MS, () => client.workflow.start(type, options))
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error
    }
  }

  const ping = async (): Promise<void> => {
    await within(CALL_TIMEOUT_MS, () =>
      client.workflowService.describeNamespace({ namespace: client.options.namespace }),
    )
  }

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

  const orderOnce: WorkflowService['orderRender'] = ({ order, placement, summary }) =>
    client.withDeadline(Date.now() + admissionTimeoutMs, () =>
      client.workflow.executeUpdateWithStart(admitRender, {
        updateId: order.executionId,
        args: [order],
        startWorkflowOperation: new WithStartWorkflowOperation('render', {
          workflowId: renderWorkflowId(order.videoId),
          taskQueue: QUEUE,
          args: [{ videoId: order.videoId, admitted: null }],
          workflowIdConflictPolicy: 'USE_EXISTING',
          workflowIdReusePolicy: 'ALLOW_DUPLICATE',
          priority: temporalPriority(placement),
          // Admission takes milliseconds; a status of its own would cost the server another write.
          typedSearchAttributes: attributes(order.accountId, order.executionId).updateCopy([
            { key: keyword(SEARCH_ATTRIBUTES.status), value: 'processing' },
          ]),
          staticSummary: summary,
        }),
      }),
    )

  return {
    orderRender: async (input) => {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await whileReachable(() => orderOnce(input))
        } catch (error) {
          if (endedMeanwhile(error) && attempt < ADMISSION_ATTEMPTS) continue
          throw isAway(error) || endedMeanwhile(error) ? away(error) : error
        }
      }
    },
    startTask: ({ taskId, placement, summary }) =>
      start('task', {
        workflowId: taskWorkflowId(taskId),
        taskQueue: QUEUE,
        args: [{ taskId, accountId: placement.accountId }],
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        priority: temporalPriority(placement),
        typedSearchAttributes: attributes(placement.accountId, taskId),
        staticSummary: summary,
      }),
    repeatDelivery: async ({ deliveryId, repetition }) => {
      const workflowId = `${deliveryWorkflowId(deliveryId)}-${repetition}`
      await start('webhookDelivery', { workflowId, taskQueue: QUEUE, args: [{ deliveryId }] })
      return { workflowId }
    },
    tellTaskEvent: (workflowId, event) =>
      tell(() => client.workflow.getHandle(workflowId).signal(taskEvent, event)),
    tellCancel: (workflowId, executionId) =>
      tell(() => client.workflow.getHandle(workflowId).signal(cancelExecution, { executionId })),
    tellRetry: (workflowId) => tell(() => client.workflow.getHandle(workflowId).signal(retry)),
    cancelTask: (taskId) => tell(() => client.workflow.getHandle(taskWorkflowId(taskId)).cancel()),
    ping,
    backlog: async (queue) => {
      const answers = await within(CALL_TIMEOUT_MS, () =>
        Promise.all(
          QUEUE_KINDS.map((taskQueueType) =>
            client.workflowService.describeTaskQueue({
              namespace: client.options.namespace,
              taskQueue: { name: queue },
              taskQueueType,
              reportStats: true,
            }),
          ),
        ),
      )
      return answers.reduce(
        (sum, { stats }) => sum + Number(stats?.approximateBacklogCount ?? 0),
        0,
      )
    },
  }
}
