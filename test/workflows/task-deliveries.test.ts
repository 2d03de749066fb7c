/** The webhooks of a task that has ended: tried at once, and then on their own. */

import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import type {
  DeliveryAttempt,
  PublishingActivities,
  TaskActivities,
  TaskEnd,
} from '../../src/contracts/activities.ts'
import {
  deliveryWorkflowId,
  taskWorkflowId,
  type DeliveryId,
  type TaskId,
} from '../../src/domain/ids.ts'
import type { task as taskWorkflow } from '../../src/workflows/task.ts'
import { failWith } from '../support/activity-fakes.ts'
import { workflowServer } from '../support/workflow-server.ts'

const server = await workflowServer()

type Delivering = Pick<PublishingActivities, 'attemptDelivery' | 'deliverWebhook'>
type Activities = Delivering & Pick<TaskActivities, 'prepareTask' | 'abandonTask'>

const suffix = () => randomUUID().replaceAll('-', '')

/** Runs a task that cannot be paid, which ends with a webhook like any other; answers what was sent. */
const deliver = async (firstAnswer: () => Promise<DeliveryAttempt>) => {
  const taskId: TaskId = `task_${suffix()}`
  const deliveryId: DeliveryId = `dlv_${suffix()}`
  const later: Parameters<Delivering['deliverWebhook']>[0][] = []
  const activities: Activities = {
    prepareTask: async () => ({ status: 'refused', failure: 'INSUFFICIENT_CREDITS' }),
    abandonTask: async () => ({ deliveryIds: [deliveryId] }),
    attemptDelivery: firstAnswer,
    deliverWebhook: async (input) => {
      later.push(input)
      return { status: 'delivered' }
    },
  }
  const handle = () => server.client.workflow.getHandle(deliveryWorkflowId(deliveryId))
  await server.with(activities, async () => {
    const result = await server.client.workflow.execute<typeof taskWorkflow>('task', {
      workflowId: taskWorkflowId(taskId),
      taskQueue: 'pipelines',
      args: [{ taskId, accountId: 'acct_12345678', admission: null }],
    })
    expect(result).toEqual({ taskId, status: 'failed' })
    if (await exists(handle)) await handle().result()
  })
  return { later, deliveryId, handle }
}

const exists = (handle: () => { describe: () => Promise<unknown> }): Promise<boolean> =>
  handle()
    .describe()
    .then(
      () => true,
      () => false,
    )

test('a webhook that is taken at once needs no workflow of its own', async () => {
  const { later, handle } = await deliver(async () => ({ status: 'delivered' }))
  expect(later).toEqual([])
  expect(await exists(handle)).toBe(false)
})

test('a webhook that is not taken goes on by itself, as its second attempt and when it is due', async () => {
  const waitMs = 1_500
  const { later, deliveryId, handle } = await deliver(async () => ({ status: 'pending', waitMs }))
  expect(later).toEqual([{ deliveryId, attemptCount: 1 }])
  const { startTime, closeTime } = await handle().describe()
  expect((closeTime?.getTime() ?? 0) - startTime.getTime()).toBeGreaterThanOrEqual(waitMs)
})

test('a webhook that could not even be tried is not lost', async () => {
  const { later, deliveryId } = await deliver(async () => {
    throw failWith('CONFLICT')
  })
  expect(later).toEqual([{ deliveryId }])
})

/** Runs a task whose work ends it so; answers what else was done. */
const afterWork = async (end: Pick<TaskEnd, 'completed' | 'open'>) => {
  const taskId: TaskId = `task_${suffix()}`
  const calls: string[] = []
  const note = <Answer>(name: string, answer: Answer) => {
    return async (): Promise<Answer> => {
      calls.push(name)
      return answer
    }
  }
  const output = {
    ...{ storageKey: 'tasks/x/output.png', contentType: 'image/png', sizeBytes: 1 },
    ...{ durationSeconds: null, widthPx: 1, heightPx: 1 },
  }
  const deliveryId: DeliveryId = `dlv_${suffix()}`
  const activities: Delivering & Pick<TaskActivities, 'convertTask' | 'completeTask'> = {
    convertTask: note('convertTask', { output, ...end }),
    completeTask: note('completeTask', { deliveryIds: [deliveryId] }),
    attemptDelivery: note('attemptDelivery', { status: 'delivered' }),
    deliverWebhook: note('deliverWebhook', { status: 'delivered' }),
  }
  await server.with(activities, async () => {
    const ready = { status: 'ready', work: 'image', inputIs: 'medium', remote: null } as const
    const admission = { ...ready, inputKey: 'media/x', durationSeconds: 0 }
    const result = await server.client.workflow.execute<typeof taskWorkflow>('task', {
      workflowId: taskWorkflowId(taskId),
      taskQueue: 'pipelines',
      args: [{ taskId, accountId: 'acct_12345678', admission }],
    })
    expect(result).toEqual({ taskId, status: 'completed' })
    for (const open of end.open) {
      await server.client.workflow.getHandle(deliveryWorkflowId(open.deliveryId)).result()
    }
  })
  return calls
}

test('a task of an upload that its work has ended needs nothing else', async () => {
  expect(await afterWork({ completed: true, open: [] })).toEqual(['convertTask'])
})

test('a task that its work could not end is ended by its workflow', async () => {
  const calls = await afterWork({ completed: false, open: [] })
  expect(calls).toEqual(['convertTask', 'completeTask', 'attemptDelivery'])
})

test('a webhook that was not taken with the work is delivered on its own', async () => {
  const open = [{ deliveryId: `dlv_${suffix()}` as const }]
  expect(await afterWork({ completed: true, open })).toEqual(['convertTask', 'deliverWebhook'])
})
