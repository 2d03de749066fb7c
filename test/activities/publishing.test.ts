import { Webhook } from 'standardwebhooks'
import { beforeEach, describe, expect, it } from 'vitest'
import { createAlerts } from '../../src/adapters/notify/alerts.ts'
import { createMailer } from '../../src/adapters/notify/mail.ts'
import { newWebhookSecret } from '../../src/adapters/webhooks/standard-webhooks.ts'
import type { ActivityDependencies } from '../../src/activities/dependencies.ts'
import { publicFailure } from '../../src/domain/failures.ts'
import { deliveryKeys, renderKeys } from '../../src/domain/storage-keys.ts'
import { DELIVERY_DELAYS_MS } from '../../src/domain/webhook-schedule.ts'
import { closedPort, startFakeHttpService } from '../support/fake-http-service.ts'
import { startFakeSmtp } from '../support/fake-smtp.ts'
import { newId } from '../support/records.ts'
import { startActivityWorld, type Order } from './support/activity-world.ts'

const world = await startActivityWorld()
const { customer, repositories } = world
const SECRET = newWebhookSecret()

beforeEach(() => {
  customer.requests.length = 0
  customer.answer = () => ({ status: 204 })
})

const filesOf = ({ videoId, executionId }: Order) => {
  const { croppedAudioKey } = renderKeys(videoId, executionId)
  return { croppedAudioKey, ...deliveryKeys(videoId, executionId, 1) }
}

/** A finished render of an account that has an endpoint. */
const finished = async (topics: readonly string[] = []) => {
  const order = await world.order()
  const endpointId = newId('endpoint')
  await repositories.webhookEndpoints.create({
    id: endpointId,
    accountId: order.accountId,
    url: `${customer.baseUrl}/hooks`,
    secret: SECRET,
    topics,
  })
  await repositories.executions.complete({
    ...order,
    files: filesOf(order),
    renderTimeSeconds: 7,
  })
  return { ...order, endpointId }
}

const notify = ({ executionId }: Order, change: Partial<ActivityDependencies> = {}) =>
  world.run('notify', { executionId }, { change })

const pendingDelivery = async () => {
  const order = await finished()
  const [deliveryId] = (await notify(order)).deliveryIds
  if (deliveryId === undefined) throw new Error('the test expected a delivery')
  return { ...order, deliveryId }
}

/** As after so many attempts that reached somebody. */
const attempted = (deliveryId: string, attempts: number) =>
  world.database.pool.query('UPDATE webhook_deliveries SET attempts = $2 WHERE id = $1', [
    deliveryId,
    attempts,
  ])

const deliver = async (
  { deliveryId, accountId }: Awaited<ReturnType<typeof pendingDelivery>>,
  attempt = 1,
  before = attempt - 1,
) => {
  await attempted(deliveryId, before)
  const outcome = await world
    .run('deliverWebhook', { deliveryId }, { info: { attempt } })
    .catch((error: unknown) => error)
  return { outcome, row: await repositories.webhookDeliveries.find(accountId, deliveryId) }
}

describe('notify', () => {
  it('records one delivery for each endpoint, however often it is called', async () => {
    const order = await finished()
    const first = await notify(order)
    expect(first.deliveryIds).toHaveLength(1)
    expect(await notify(order)).toEqual(first)
  })

  it('leaves out endpoints that want other events', async () => {
    expect((await notify(await finished(['render.failed']))).deliveryIds).toEqual([])
  })

  it('wants a mail only where mail is on and the account has an address', async () => {
    const order = await finished()
    expect((await notify(order)).mailWanted).toBe(false)
    const mailer = createMailer({ url: 'smtp://127.0.0.1:1', from: 'spool@example.com' })
    expect((await notify(order, { mailer })).mailWanted).toBe(false)
    await giveAddress(order)
    expect((await notify(order, { mailer })).mailWanted).toBe(true)
  })
})

const giveAddress = ({ accountId }: Order) =>
  world.database.pool.query('UPDATE accounts SET email = $1 WHERE id = $2', [
    'artist@example.com',
    accountId,
  ])

describe('attemptDelivery', () => {
  it('says when the next attempt is due, and writes its own down', async () => {
    customer.answer = () => ({ status: 503, headers: { 'retry-after': '30' } })
    const { deliveryId, accountId } = await pendingDelivery()
    expect(await world.run('attemptDelivery', { deliveryId })).toEqual({
      status: 'pending',
      waitMs: 30_000,
    })
    expect(await repositories.webhookDeliveries.find(accountId, deliveryId)).toMatchObject({
      status: 'pending',
      attempts: 1,
      responseStatus: 503,
    })
  })
})

describe('deliverWebhook', () => {
  it('is signed so that a receiver’s own library accepts it', async () => {
    const delivery = await pendingDelivery()
    const { outcome, row } = await deliver(delivery)
    expect(outcome).toEqual({ status: 'delivered' })
    expect(row).toMatchObject({ status: 'delivered', attempts: 1, responseStatus: 204 })

    const [request] = customer.requests
    const event = new Webhook(SECRET).verify(
      request?.body ?? '',
      request?.headers as Record<string, string>,
    )
    expect(event).toMatchObject({
      type: 'render.completed',
      data: { executionId: delivery.executionId, videoId: delivery.videoId, status: 'completed' },
    })
    expect(() =>
      new Webhook(newWebhookSecret()).verify(
        request?.body ?? '',
        request?.headers as Record<string, string>,
      ),
    ).toThrow('No matching signature found')
  })

  it('signs the URLs in it when it is sent, and keeps none', async () => {
    const delivery = await pendingDelivery()
    const stored = await repositories.webhookDeliveries.find(
      delivery.accountId,
      delivery.deliveryId,
    )
    expect(JSON.stringify(stored?.payload)).not.toContain('http')
    await deliver(delivery)
    const body = JSON.parse(customer.requests[0]?.body ?? '') as {
      data: { outputs: Record<string, string> }
    }
    const url = body.data.outputs['video'] ?? ''
    expect(await world.storage.ownStorageKey(url)).toBe(filesOf(delivery).videoKey)
  })

  it.each([1, 2, 3, 9])(
    'after attempt %i asks for the next one by the schedule',
    async (attempt) => {
      customer.answer = () => ({ status: 500, body: 'try again' })
      const { outcome, row } = await deliver(await pendingDelivery(), attempt)
      expect(outcome).toMatchObject({ type: 'NOTIFICATION_FAILED', nonRetryable: false })
      const { nextRetryDelay } = outcome as { nextRetryDelay: number }
      const delayMs = DELIVERY_DELAYS_MS[attempt] ?? 0
      expect(nextRetryDelay).toBeGreaterThanOrEqual(delayMs)
      expect(nextRetryDelay).toBeLessThanOrEqual(delayMs * 1.1 + 1)
      expect(row).toMatchObject({ status: 'pending', responseSnippet: 'try again' })
    },
  )

  it('does not count attempts in which an outage of ours kept it from sending', async () => {
    customer.answer = () => ({ status: 500 })
    const { outcome, row } = await deliver(await pendingDelivery(), 10, 0)
    const { nextRetryDelay } = outcome as { nextRetryDelay: number }
    expect(nextRetryDelay).toBeLessThanOrEqual((DELIVERY_DELAYS_MS[1] ?? 0) * 1.1 + 1)
    expect(row).toMatchObject({ status: 'pending', attempts: 1 })
  })

  it('counts the attempts that were made before it', async () => {
    customer.answer = () => ({ status: 500 })
    const { deliveryId } = await pendingDelivery()
    await attempted(deliveryId, 1)
    const outcome = await world
      .run('deliverWebhook', { deliveryId, attemptCount: 1 }, { info: { attempt: 1 } })
      .catch((error: unknown) => error)
    const { nextRetryDelay } = outcome as { nextRetryDelay: number }
    expect(nextRetryDelay).toBeGreaterThanOrEqual(DELIVERY_DELAYS_MS[2] ?? 0)
  })

  it('never comes back sooner than the receiver’s Retry-After', async () => {
    customer.answer = () => ({ status: 429, headers: { 'retry-after': '3600' } })
    const { outcome } = await deliver(await pendingDelivery())
    expect(outcome).toMatchObject({ nextRetryDelay: 3_600_000 })
  })

  it('is told apart from an answer when nobody answers', async () => {
    customer.answer = () => null
    const { outcome, row } = await deliver(await pendingDelivery())
    expect(outcome).toMatchObject({ type: 'NOTIFICATION_FAILED' })
    expect(row).toMatchObject({ status: 'pending', responseStatus: null })
  })

  it('disables an endpoint that says it is gone, and is not tried again', async () => {
    customer.answer = () => ({ status: 410 })
    const delivery = await pendingDelivery()
    const { outcome, row } = await deliver(delivery)
    expect(outcome).toEqual({ status: 'failed' })
    expect(row?.status).toBe('failed')
    const { accountId, endpointId } = delivery
    const endpoint = await repositories.webhookEndpoints.find(accountId, endpointId)
    expect(endpoint?.disabledReason).toContain('410')
    expect((await notify(await world.order())).deliveryIds).toEqual([])
  })

  it('has failed after the last attempt of the schedule', async () => {
    customer.answer = () => ({ status: 500 })
    const { outcome, row } = await deliver(await pendingDelivery(), DELIVERY_DELAYS_MS.length)
    expect(outcome).toEqual({ status: 'failed' })
    expect(row?.status).toBe('failed')
  })

  it('is not made to an endpoint that was disabled meanwhile', async () => {
    const delivery = await pendingDelivery()
    await repositories.webhookEndpoints.disable(delivery.endpointId, 'by its owner')
    const { outcome, row } = await deliver(delivery)
    expect(outcome).toEqual({ status: 'failed' })
    // Its owner must not wait for it.
    expect(row).toMatchObject({ status: 'failed', attempts: 0 })
    expect(customer.requests).toEqual([])
  })

  it('is counted by what came of it', async () => {
    const count = async (outcome: string) => {
      const { values } = await world.metrics.registry
        .getSingleMetric('spool_outgoing_webhooks_total')!
        .get()
      const labels = { receiver: 'customer', outcome }
      return values.find((value) => expect.objectContaining(labels).asymmetricMatch(value.labels))
    }
    const before = (await count('gone'))?.value ?? 0
    customer.answer = () => ({ status: 410 })
    await deliver(await pendingDelivery())
    expect((await count('gone'))?.value).toBe(before + 1)
    expect((await count('delivered'))?.value).toBeGreaterThan(0)
    expect((await count('unreachable'))?.value).toBeGreaterThan(0)
  })
})

describe('invalidateCdn', () => {
  it('says why it had nothing to do', async () => {
    const order = await finished()
    const { executionId, videoId } = order
    const result = await world.run('invalidateCdn', { executionId, videoId, files: filesOf(order) })
    expect(result).toEqual({ skipped: 'no CDN is configured', reference: null })
  })

  it('names the files of this render and of the one before, as viewers see them', async () => {
    const order = await finished()
    const { executionId, videoId, accountId } = order
    const next = newId('execution')
    await repositories.executions.admitRender({
      order: { executionId: next, videoId, accountId },
      workflowId: order.workflowId,
      replaces: null,
      steps: ['hold credits', 'invalidate cdn'],
      amountCredits: 1,
      holdExpiresAt: new Date(Date.now() + 60_000),
    })
    const asked: { urls: readonly string[]; contentKey: string }[] = []
    const cdn: ActivityDependencies['cdn'] = {
      name: 'purge',
      invalidate: async ({ urls, contentKey }) => {
        asked.push({ urls, contentKey })
        return { reference: 'the-reference' }
      },
    }
    const settings = { ...world.deps.settings, cdnBaseUrl: 'https://videos.example.com' }
    const files = filesOf({ ...order, executionId: next })
    const result = await world.run(
      'invalidateCdn',
      { executionId: next, videoId, files },
      { change: { cdn, settings } },
    )
    expect(result).toEqual({ reference: 'the-reference' })
    const folder = `https://videos.example.com/videos/${videoId}`
    expect(asked).toEqual([
      {
        contentKey: next,
        urls: [next, executionId].flatMap((id) => [
          `${folder}/${id}/1/video.mp4`,
          `${folder}/${id}/1/thumbnail.jpg`,
          `${folder}/${id}/1/thumbnail-square.jpg`,
        ]),
      },
    ])
  })
})

describe('sendAlert', () => {
  const send = async (urls: readonly string[]) => {
    const { executionId } = await world.order()
    const targets = urls.map((webhookUrl) => ({ kind: 'slack' as const, webhookUrl }))
    const alerts = createAlerts(targets, world.deps.log)
    const title = 'A render failed'
    const input = { executionId, title, step: 'crop audio', failure: 'DISK_FULL' } as const
    await world.run('sendAlert', input, { change: { alerts } })
  }

  it('has arrived when one target has it, so that a retry does not repeat it there', async () => {
    const slack = await startFakeHttpService(() => ({ status: 200, body: 'ok' }))
    try {
      await send([`${slack.baseUrl}/hook`, `http://127.0.0.1:${await closedPort()}/hook`])
      expect(slack.requests).toHaveLength(1)
      expect(slack.requests[0]?.body).toContain('A render failed')
    } finally {
      await slack.close()
    }
  })

  it('fails when nobody could be reached, and is fine when there is nobody to tell', async () => {
    await expect(send([`http://127.0.0.1:${await closedPort()}/hook`])).rejects.toMatchObject({
      type: 'NOTIFICATION_FAILED',
      nonRetryable: false,
    })
    await expect(send([])).resolves.toBeUndefined()
  })
})

describe('sendMail', () => {
  it('tells the account what became of its render, once however often it is sent', async () => {
    const smtp = await startFakeSmtp()
    const url = `smtp://127.0.0.1:${smtp.port}`
    const mailer = createMailer({ url, from: 'Spool <spool@example.com>' })
    try {
      const order = await finished()
      await giveAddress(order)
      const { executionId } = order
      const first = await world.run('sendMail', { executionId }, { change: { mailer } })
      const second = await world.run('sendMail', { executionId }, { change: { mailer } })
      expect(second.messageId).toBe(first.messageId)
      expect(smtp.mails[0]).toMatchObject({ to: ['artist@example.com'] })
      expect(smtp.mails[0]?.source).toContain('Subject: Your video is ready')

      const failed = await world.order()
      await giveAddress(failed)
      await repositories.executions.abandon({
        executionId: failed.executionId,
        ending: 'error',
        failure: 'RENDERER_FAILED',
        step: 'remote render',
      })
      const input = { executionId: failed.executionId }
      await world.run('sendMail', input, { change: { mailer } })
      const text = smtp.mails.at(-1)?.source.replaceAll(/=\r?\n/g, '') ?? ''
      expect(text).toContain(publicFailure('RENDERER_FAILED').message)
      expect(text).toContain('No credits were charged')
    } finally {
      await smtp.close()
    }
  })

  it('gives up at once when there is nobody to mail', async () => {
    const { executionId } = await finished()
    await expect(world.run('sendMail', { executionId })).rejects.toMatchObject({
      type: 'NOTIFICATION_REJECTED',
      nonRetryable: true,
    })
  })
})
