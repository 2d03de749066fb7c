/**
 * The real workflow, activity and workers against a real server, which keeps the schedule. Nobody waits
 * for days here: each wait is read where the server keeps it, and then cut short by the request with
 * which operators change the retries of an activity. The clock of the receiver is the sum of those waits.
 */

import { optionalTsToMs, msToTs, tsToMs } from '@temporalio/common/lib/time.js'
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker'
import { Webhook } from 'standardwebhooks'
import { afterAll, expect, test } from 'vitest'
import { createActivities } from '../../src/activities/create-activities.ts'
import { newWebhookSecret } from '../../src/adapters/webhooks/standard-webhooks.ts'
import { createWorkers } from '../../src/composition/workers.ts'
import { deliveryWorkflowId, type DeliveryId } from '../../src/domain/ids.ts'
import { DELIVERY_DELAYS_MS } from '../../src/domain/webhook-schedule.ts'
import type { webhookDelivery } from '../../src/workflows/webhook-delivery.ts'
import { startActivityWorld } from '../activities/support/activity-world.ts'
import { testTemporal } from '../api/support/temporal-namespace.ts'
import { eventually } from '../support/eventually.ts'
import { insertAccount, newId } from '../support/records.ts'
import { workflowBundle } from '../support/workflow-bundle.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const SECRET = newWebhookSecret()

const { address, namespace, client } = await testTemporal()
const world = await startActivityWorld({
  WORKER_QUEUES: 'pipelines',
  SPOOL_WORKFLOW_BUNDLE: await workflowBundle(),
})
const { customer, repositories } = world

Runtime.install({ logger: new DefaultLogger('ERROR') })
const connection = await NativeConnection.connect({ address })
const workers = await createWorkers({
  ...{ config: world.config, connection, namespace, modelQueues: [] },
  activities: createActivities(world.deps),
  executions: repositories.executions,
  meter: world.metrics.meter,
})
const running = workers.map((worker) => worker.run())
afterAll(async () => {
  for (const worker of workers) worker.shutdown()
  await Promise.all(running)
  await connection.close()
})

/** An event of an account whose only endpoint is the customer's. */
const newDelivery = async () => {
  const accountId = await insertAccount(world.database.database)
  const endpoint = { id: newId('endpoint'), accountId, secret: SECRET, topics: [] }
  await repositories.webhookEndpoints.create({ ...endpoint, url: `${customer.baseUrl}/hooks` })
  const eventId = newId('event')
  const type = 'render.completed'
  const event = { accountId, eventId, type, payload: { type, data: {} } }
  const [deliveryId] = await repositories.webhookDeliveries.recordEvent(event)
  if (deliveryId === undefined) throw new Error('the test expected a delivery')
  return { accountId, eventId, deliveryId }
}

const startDelivery = (deliveryId: DeliveryId) =>
  client.workflow.start<typeof webhookDelivery>('webhookDelivery', {
    workflowId: deliveryWorkflowId(deliveryId),
    taskQueue: 'pipelines',
    args: [{ deliveryId }],
  })

type Handle = Awaited<ReturnType<typeof startDelivery>>

/** The wait before an attempt, and the time after which none is made, as the server has them; null when
 * all is over. */
const waitBefore = (attempt: number, handle: Handle) =>
  eventually(async () => {
    const { raw, status, startTime } = await handle.describe()
    if (status.name !== 'RUNNING') return null
    const pending = raw.pendingActivities?.[0]
    const endedAtMs = optionalTsToMs(pending?.lastAttemptCompleteTime)
    const nextAtMs = optionalTsToMs(pending?.nextAttemptScheduleTime)
    if (pending?.attempt !== attempt || endedAtMs === undefined || nextAtMs === undefined) {
      throw new Error(`attempt ${attempt} is not scheduled`)
    }
    const allowedMs = tsToMs(pending.expirationTime) - startTime.getTime()
    return { waitMs: nextAtMs - endedAtMs, allowedMs }
  })

/** Has the server make at once the attempt that it has scheduled. */
const cutShort = async ({ workflowId }: Handle): Promise<void> => {
  const aMoment = msToTs(1)
  await client.workflowService.updateActivityOptions({
    namespace,
    execution: { workflowId },
    type: 'deliverWebhook',
    activityOptions: { retryPolicy: { initialInterval: aMoment, maximumInterval: aMoment } },
    updateMask: { paths: ['retry_policy.initial_interval', 'retry_policy.maximum_interval'] },
  })
}

test.each([
  { hour: 0, attempts: 8 },
  { hour: 12, attempts: 7 },
  { hour: 23, attempts: 5 },
])(
  'an event of hour $hour of a day without its receiver arrives once that is back: the server keeps each wait of the schedule (read there, and then cut short)',
  async ({ hour, attempts }) => {
    let nowMs = hour * HOUR_MS
    const { requests } = customer
    requests.length = 0
    // A receiver that is away cuts connections, or has a proxy that answers for it.
    const refuse = () => (requests.length % 2 === 0 ? null : { status: 503 })
    customer.answer = () => (nowMs < DAY_MS ? refuse() : { status: 204 })
    const { accountId, eventId, deliveryId } = await newDelivery()
    const handle = await startDelivery(deliveryId)

    for (let made = 1; ; made += 1) {
      const scheduled = await waitBefore(made + 1, handle)
      if (scheduled === null) break
      const { waitMs, allowedMs } = scheduled
      const delayMs = DELIVERY_DELAYS_MS[made] ?? 0
      expect(waitMs).toBeGreaterThanOrEqual(delayMs)
      expect(waitMs).toBeLessThanOrEqual(delayMs * 1.1 + 1)
      nowMs += waitMs
      expect(nowMs - hour * HOUR_MS).toBeLessThan(allowedMs)
      await cutShort(handle)
    }

    expect(await handle.result()).toEqual({ status: 'delivered' })
    expect(nowMs).toBeGreaterThanOrEqual(DAY_MS)
    expect(nowMs).toBeLessThan(2 * DAY_MS)
    expect(requests.map(({ headers }) => headers['webhook-id'])).toEqual(
      Array.from({ length: attempts }, () => eventId),
    )
    const { body, headers } = requests.at(-1)!
    expect(new Webhook(SECRET).verify(body, headers as Record<string, string>)).toMatchObject({
      type: 'render.completed',
    })
    expect(await repositories.webhookDeliveries.find(accountId, deliveryId)).toMatchObject({
      status: 'delivered',
      attempts,
      responseStatus: 204,
    })
  },
)
