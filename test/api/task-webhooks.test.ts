/** Webhooks of renderers: who may send them, and what each of them does. */

import { beforeEach, describe, expect, test } from 'vitest'
import { newWebhookSecret } from '../../src/adapters/webhooks/standard-webhooks.ts'
import { renderWorkflowId, type ExecutionId, type VideoId } from '../../src/domain/ids.ts'
import { testDatabase } from '../support/database.ts'
import { newId } from '../support/records.ts'
import { signedWebhook, startApi, webhookPath, type Customer } from './support/api-under-test.ts'
import { runPipelinesWorker } from './support/pipelines-worker.ts'
import { testTemporal } from './support/temporal-namespace.ts'

const connection = await testDatabase()
const temporal = await testTemporal()
const api = await startApi({ connection, temporal: temporal.client })
await runPipelinesWorker(temporal, api.repositories)

interface Order {
  readonly customer: Customer
  readonly videoId: VideoId
  readonly executionId: ExecutionId
  readonly path: string
}

let order: Order
beforeEach(async () => {
  const customer = await api.customer({ credits: 100 })
  const videoId = await api.video(customer.id)
  const url = `/v1/videos/${videoId}/renders`
  const { executionId } = (await api.call(customer, { method: 'POST', url })).json()
  const path = webhookPath({ workflowId: renderWorkflowId(videoId), executionId })
  order = { customer, videoId, executionId, path }
})

const send = (url: string, webhook: { payload: string; headers: Record<string, string> }) =>
  api.call(null, { method: 'POST', url, ...webhook })

const signalsOf = async ({ videoId }: Order): Promise<unknown[]> => {
  const handle = temporal.client.workflow.getHandle(renderWorkflowId(videoId))
  const { events } = await handle.fetchHistory()
  return (events ?? []).flatMap(({ workflowExecutionSignaledEventAttributes: signal }) => {
    const data = signal?.input?.payloads?.[0]?.data
    return signal?.signalName === 'taskEvent' && data
      ? [JSON.parse(Buffer.from(data).toString())]
      : []
  })
}

const countOf = async (outcome: string): Promise<number> => {
  const text = await api.dependencies.metrics.metrics()
  const line = new RegExp(
    `spool_inbound_webhooks_total\\{source="tasks",outcome="${outcome}"\\} (\\d+)`,
  )
  return Number(line.exec(text)?.[1] ?? 0)
}

const succeeded = (taskId: string) => ({
  type: 'job.succeeded',
  id: newId('event'),
  task_id: taskId,
  kind: 'render',
  status: 'completed',
  output_url: 'http://attacker.example/video.mp4',
  output: { url: 'http://attacker.example/video.mp4' },
  metadata: {},
})

describe('a genuine event', () => {
  test('that a task succeeded wakes its workflow, without the output that it claims', async () => {
    const before = await countOf('handled')
    const response = await send(order.path, signedWebhook(succeeded('task_a')))
    expect(response.statusCode).toBe(200)
    expect(response.json()).toEqual({ status: 'handled' })
    expect(await signalsOf(order)).toEqual([{ taskId: 'task_a', status: 'completed' }])
    expect(await countOf('handled')).toBe(before + 1)
  })

  test.each([
    ['failed', 'failed'],
    ['canceled', 'canceled'],
    [undefined, 'failed'],
  ])('that a task failed (%s) says how', async (status, told) => {
    await send(order.path, signedWebhook({ type: 'job.failed', task_id: 'task_b', status }))
    expect(await signalsOf(order)).toEqual([{ taskId: 'task_b', status: told }])
  })

  test('of progress goes to the row and not to the workflow', async () => {
    const { executionId, customer, videoId } = order
    await api.repositories.executions.beginStep({ executionId, step: 'remote render' })
    for (const progress of [40, 20]) {
      const event = { type: 'job.progress', task_id: 'task_c', progress }
      expect((await send(order.path, signedWebhook(event))).json()).toEqual({ status: 'handled' })
    }
    const video = await api.call(customer, { method: 'GET', url: `/v1/videos/${videoId}` })
    expect(video.json()).toMatchObject({ status: 'processing', renderProgress: 40 })
    expect(await signalsOf(order)).toEqual([])
    const { lastSignOfLifeAt } = (await api.repositories.executions.findById(executionId))!
    expect(Date.now() - lastSignOfLifeAt!.getTime()).toBeLessThan(60_000)
  })

  test('of a type that nobody knows is taken and ignored', async () => {
    const response = await send(
      order.path,
      signedWebhook({ type: 'job.sneezed', task_id: 'task_d' }),
    )
    expect(response.statusCode).toBe(200)
    expect(response.json()).toEqual({ status: 'ignored' })
    expect(await signalsOf(order)).toEqual([])
  })

  test('for a workflow that is over or never was is taken and ignored', async () => {
    const path = webhookPath({ workflowId: 'render-vid_gone', executionId: 'exec_gone' })
    const response = await send(path, signedWebhook(succeeded('task_e')))
    expect(response.statusCode).toBe(200)
    expect(response.json()).toEqual({ status: 'ignored' })
  })
})

describe('a webhook that is not genuine is refused, and nothing happens', () => {
  const tampered = signedWebhook(succeeded('task_f'))
  const nowSeconds = Math.floor(Date.now() / 1000)
  test.each<[string, () => { payload: string; headers: Record<string, string> }]>([
    [
      'no signature',
      () => ({
        payload: JSON.stringify(succeeded('x')),
        headers: { 'content-type': 'application/json' },
      }),
    ],
    ['another secret', () => signedWebhook(succeeded('x'), { secret: newWebhookSecret() })],
    [
      'a changed body',
      () => ({ ...tampered, payload: tampered.payload.replace('task_f', 'task_g') }),
    ],
    ['a longer body', () => ({ ...tampered, payload: `${tampered.payload} ` })],
    [
      'another id',
      () => ({ ...tampered, headers: { ...tampered.headers, 'webhook-id': 'evt_other' } }),
    ],
    ['a stale time', () => signedWebhook(succeeded('x'), { timestampSeconds: nowSeconds - 600 })],
    ['a time to come', () => signedWebhook(succeeded('x'), { timestampSeconds: nowSeconds + 600 })],
  ])('%s', async (_name, webhook) => {
    const before = await countOf('forged')
    const response = await send(order.path, webhook())
    expect(response.statusCode).toBe(401)
    expect(response.json().code).toBe('UNAUTHENTICATED')
    expect(await signalsOf(order)).toEqual([])
    expect(await countOf('forged')).toBe(before + 1)
  })

  test.each<[string, (good: Order) => string]>([
    ['a changed token', ({ path }) => `${path.slice(0, -2)}AA`],
    ['a token of nobody', () => '/webhooks/tasks/abc'],
    [
      'an expired token',
      ({ videoId, executionId }) =>
        webhookPath({
          workflowId: renderWorkflowId(videoId),
          executionId,
          expiresAtMs: Date.now() - 1,
        }),
    ],
    [
      'a renderer that we do not know',
      ({ videoId, executionId }) =>
        webhookPath({ workflowId: renderWorkflowId(videoId), executionId, sender: 'stranger' }),
    ],
  ])('%s', async (_name, pathOf) => {
    const response = await send(pathOf(order), signedWebhook(succeeded('task_h')))
    expect(response.statusCode).toBe(401)
    expect(await signalsOf(order)).toEqual([])
  })
})

describe('a signed webhook that cannot be read', () => {
  test.each([
    ['is no event', { hello: 1 }],
    ['names no task', { type: 'job.succeeded' }],
    ['has progress beyond the end', { type: 'job.progress', task_id: 't', progress: 900 }],
  ])('is refused for good: it %s', async (_name, event) => {
    const response = await send(order.path, signedWebhook(event))
    expect(response.statusCode).toBe(400)
    expect(response.json().code).toBe('BODY_MALFORMED')
  })

  test('is cut off when it is too large', async () => {
    const event = { type: 'job.succeeded', task_id: 't', padding: 'x'.repeat(300_000) }
    expect((await send(order.path, signedWebhook(event))).statusCode).toBe(413)
  })
})

test('an event that comes twice is a success twice, and the workflow counts it once', async () => {
  const webhook = signedWebhook(succeeded('task_i'))
  const responses = await Promise.all([send(order.path, webhook), send(order.path, webhook)])
  expect(responses.map(({ statusCode }) => statusCode)).toEqual([200, 200])
  const handle = temporal.client.workflow.getHandle(renderWorkflowId(order.videoId))
  // Its inbox keeps one event per task: the workflow is still where it was, and answers.
  expect(await handle.query('progress')).toMatchObject({ executionId: order.executionId })
})
