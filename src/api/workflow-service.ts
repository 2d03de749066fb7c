/** Every call of the API to Temporal: orders, commands, news. No call waits without an end. */

import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  type Client,
} from '@temporalio/client'
import type { OutcomeDecided, TaskEvent, TaskOrder } from '../contracts/orders.ts'
import type { Queue } from '../contracts/queues.ts'
import { deliveryWorkflowId, taskWorkflowId, type DeliveryId, type TaskId } from '../domain/ids.ts'
import {
  cancelExecution,
  limitRaised,
  outcomeDecided,
  retry,
  taskEvent,
} from '../workflows/messages.ts'
import {
  createOrderCalls,
  isUnreachable,
  orderAttributes,
  unreachable,
  type OrderCalls,
} from './order-calls.ts'
import { temporalPriority, type Placement } from './placement.ts'

/** Short calls: a signal or a start that the server only has to write down. */
const CALL_TIMEOUT_MS = 2_000
const QUEUE: Queue = 'pipelines'

export interface WorkflowService extends OrderCalls {
  /** *Idempotent* by task id. */
  startTask(input: {
    readonly taskId: TaskId
    readonly admission: TaskOrder['admission']
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
  tellLimitRaised(workflowId: string, maxCredits: number): Promise<boolean>
  tellOutcomeDecided(workflowId: string, decided: OutcomeDecided): Promise<boolean>
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
      if (error instanceof WorkflowNotFoundError || !isUnreachable(error)) throw error
      throw unreachable(error)
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

  const orders = createOrderCalls(client, { admissionTimeoutMs, ping })

  return {
    ...orders,
    startTask: ({ taskId, admission, placement, summary }) =>
      start('task', {
        workflowId: taskWorkflowId(taskId),
        taskQueue: QUEUE,
        args: [{ taskId, accountId: placement.accountId, admission }],
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        priority: temporalPriority(placement),
        typedSearchAttributes: orderAttributes(placement.accountId, taskId),
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
    tellLimitRaised: (workflowId, maxCredits) =>
      tell(() => client.workflow.getHandle(workflowId).signal(limitRaised, { maxCredits })),
    tellOutcomeDecided: (workflowId, decided) =>
      tell(() => client.workflow.getHandle(workflowId).signal(outcomeDecided, decided)),
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
