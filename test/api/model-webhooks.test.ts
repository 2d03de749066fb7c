/** Webhooks of providers of models: each is judged by its own scheme, and none is believed. */

import { beforeEach, describe, expect, test } from 'vitest'
import { newWebhookSecret } from '../../src/adapters/webhooks/standard-webhooks.ts'
import { testDatabase } from '../support/database.ts'
import { newId } from '../support/records.ts'
import {
  MODEL_PROVIDER_SECRET,
  signedWebhook,
  startApi,
  webhookPath,
} from './support/api-under-test.ts'
import { testTemporal } from './support/temporal-namespace.ts'

const connection = await testDatabase()
const temporal = await testTemporal()
const api = await startApi({ connection, temporal: temporal.client })

const STEP = 'job scene-1'

/** A workflow that nobody works on: the signals that it gets stay in its history. */
let route: { workflowId: string; executionId: string; step: string; sender: string }
beforeEach(async () => {
  const executionId = newId('execution')
  const workflowId = `generate-${executionId}`
  await temporal.client.workflow.start('generate', { workflowId, taskQueue: 'nobody', args: [{}] })
  route = { workflowId, executionId, step: STEP, sender: 'model:replicate' }
})

const send = (
  webhook: { payload: string; headers: Record<string, string> },
  url = webhookPath(route, 'models'),
) => api.call(null, { method: 'POST', url, ...webhook })

const signalsOf = async (): Promise<unknown[]> => {
  const { events } = await temporal.client.workflow.getHandle(route.workflowId).fetchHistory()
  return (events ?? []).flatMap(({ workflowExecutionSignaledEventAttributes: signal }) => {
    const data = signal?.input?.payloads?.[0]?.data
    return data ? [JSON.parse(Buffer.from(data).toString())] : []
  })
}

const prediction = (status: string) => ({ id: 'pred_1', status, output: 'http://evil.test/x.mp4' })
const signed = (body: unknown, secret = MODEL_PROVIDER_SECRET) => signedWebhook(body, { secret })

describe('a genuine webhook', () => {
  test.each(['succeeded', 'failed', 'canceled'])(
    'that a call %s wakes its job, and says nothing of how it ended',
    async (status) => {
      const response = await send(signed(prediction(status)))
      expect(response.statusCode).toBe(200)
      expect(response.json()).toEqual({ status: 'handled' })
      expect(await signalsOf()).toEqual([{ taskId: STEP, status: 'completed' }])
    },
  )

  test('of a call that goes on is taken and ignored', async () => {
    expect((await send(signed(prediction('processing')))).json()).toEqual({ status: 'ignored' })
    expect(await signalsOf()).toEqual([])
  })

  test('for a run that is over is taken and ignored', async () => {
    const over = { ...route, workflowId: 'generate-exec_gone' }
    const response = await send(signed(prediction('succeeded')), webhookPath(over, 'models'))
    expect(response.json()).toEqual({ status: 'ignored' })
  })
})

describe('a webhook that is not genuine is refused, and wakes nobody', () => {
  test.each<[string, () => ReturnType<typeof send>]>([
    ['another secret', () => send(signed(prediction('succeeded'), newWebhookSecret()))],
    [
      'no signature',
      () => send({ payload: '{}', headers: { 'content-type': 'application/json' } }),
    ],
    [
      'a token for renderers',
      () =>
        send(signed(prediction('succeeded')), webhookPath({ ...route, sender: 'self' }, 'models')),
    ],
    [
      'a token of a provider that sends none',
      () =>
        send(
          signed(prediction('succeeded')),
          webhookPath({ ...route, sender: 'model:openai' }, 'models'),
        ),
    ],
    [
      'a token that has expired',
      () =>
        send(
          signed(prediction('succeeded')),
          webhookPath({ ...route, expiresAtMs: Date.now() - 1 }, 'models'),
        ),
    ],
    [
      'a token of a model, where renderers report',
      () => send(signedWebhook(prediction('succeeded')), webhookPath(route, 'tasks')),
    ],
  ])('%s', async (_name, sending) => {
    const response = await sending()
    expect(response.statusCode).toBe(401)
    expect(response.json().code).toBe('UNAUTHENTICATED')
    expect(await signalsOf()).toEqual([])
  })

  test('a signed body that is no event is refused for good', async () => {
    const response = await send(signed({ hello: 1 }))
    expect(response.statusCode).toBe(400)
    expect(await signalsOf()).toEqual([])
  })
})
