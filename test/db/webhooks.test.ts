import { beforeEach, describe, expect, test } from 'vitest'
import { createWebhookDeliveriesRepository } from '../../src/db/repositories/webhook-deliveries.ts'
import {
  createWebhookEndpointsRepository,
  ENDPOINT_COUNT_MAX,
} from '../../src/db/repositories/webhook-endpoints.ts'
import type { AccountId, DeliveryId } from '../../src/domain/ids.ts'
import { testDatabase } from '../support/database.ts'
import { insertAccount, newId } from '../support/records.ts'

const { database } = await testDatabase()
const endpoints = createWebhookEndpointsRepository(database)
const deliveries = createWebhookDeliveriesRepository(database)

let accountId: AccountId

beforeEach(async () => {
  accountId = await insertAccount(database)
})

const newEndpoint = (topics: readonly string[] = [], owner = accountId) => ({
  id: newId('endpoint'),
  accountId: owner,
  url: 'https://example.org/hook',
  secret: 'whsec_ZW5kcG9pbnQtZW5kcG9pbnQtZW5k',
  topics,
})

const addEndpoint = async (...given: Parameters<typeof newEndpoint>) =>
  (await endpoints.create(newEndpoint(...given)))!

const newEvent = (type = 'execution.completed', taskUrl?: string) => ({
  accountId,
  eventId: newId('event'),
  type,
  payload: { type, executionId: 'exec_1' },
  taskUrl,
})

const endpointsOf = async (ids: readonly DeliveryId[]) => {
  const targets = await Promise.all(ids.map((id) => deliveries.findTarget(id)))
  return targets.map((target) => String(target?.delivery.endpointId)).toSorted()
}

describe('recording an event', () => {
  test('every enabled endpoint that wants it gets one delivery, and nobody else', async () => {
    const all = await addEndpoint()
    const matching = await addEndpoint(['execution.completed', 'execution.error'])
    await addEndpoint(['execution.error'])
    const disabled = await addEndpoint()
    await endpoints.disable(disabled.id, 'gone')
    const deleted = await addEndpoint()
    await endpoints.delete(accountId, deleted.id)
    await addEndpoint([], await insertAccount(database))

    const ids = await deliveries.recordEvent(newEvent())
    expect(await endpointsOf(ids)).toEqual([all.id, matching.id].toSorted())
  })

  test('the address of a task gets it whatever the endpoints want, signed by the account', async () => {
    const [id] = await deliveries.recordEvent(newEvent('job.succeeded', 'https://example.org/task'))
    expect(await deliveries.findTarget(id!)).toMatchObject({
      delivery: { endpointId: null, url: 'https://example.org/task', status: 'pending' },
      secret: 'whsec_dGVzdC10ZXN0LXRlc3QtdGVzdC10ZXN0',
      disabled: false,
    })
  })

  test('the address of an order gets its event alone, and once', async () => {
    await addEndpoint()
    const { taskUrl: _, ...event } = newEvent('execute.completed')
    const own = { ...event, url: 'https://example.org/order', sealedSecret: 'sealed' }
    const [id, again] = await Promise.all([
      deliveries.recordOwnEvent(own),
      deliveries.recordOwnEvent(own),
    ])
    expect(again).toBe(id)
    expect(await deliveries.findTarget(id)).toMatchObject({
      delivery: { endpointId: null, url: 'https://example.org/order', sealedSecret: 'sealed' },
      disabled: false,
    })
    expect((await deliveries.list({ accountId, limit: 10 })).items).toHaveLength(1)
  })

  test('an event that is recorded again, also at once, has the deliveries of the first time', async () => {
    await addEndpoint()
    const event = newEvent('job.failed', 'https://example.org/task')
    const [first, second] = await Promise.all([
      deliveries.recordEvent(event),
      deliveries.recordEvent(event),
    ])
    expect(first).toHaveLength(2)
    expect(second).toEqual(first)
    await addEndpoint()
    expect(await deliveries.recordEvent(event)).toEqual(first)
  })

  test('without receivers there is nothing to deliver', async () => {
    expect(await deliveries.recordEvent(newEvent())).toEqual([])
  })
})

describe('deliveries', () => {
  const attempt = (deliveryId: DeliveryId, status: 'pending' | 'delivered' | 'failed') =>
    deliveries.recordAttempt({
      deliveryId,
      responseStatus: 200,
      responseSnippet: 'ok',
      durationMs: 12,
      status,
    })

  test('attempts are counted until the delivery ends', async () => {
    await addEndpoint()
    const [id] = await deliveries.recordEvent(newEvent())
    expect(await attempt(id!, 'pending')).toBe(true)
    expect(await attempt(id!, 'delivered')).toBe(true)
    expect(await attempt(id!, 'failed')).toBe(false)
    expect(await deliveries.find(accountId, id!)).toMatchObject({
      status: 'delivered',
      attempts: 2,
      responseStatus: 200,
    })
  })

  test('an ended delivery can be opened again by its owner only', async () => {
    await addEndpoint()
    const [id] = await deliveries.recordEvent(newEvent())
    await attempt(id!, 'failed')
    expect(await deliveries.reopen(await insertAccount(database), id!)).toBeNull()
    expect(await deliveries.reopen(accountId, id!)).toMatchObject({
      status: 'pending',
      attempts: 1,
    })
    expect(await attempt(id!, 'delivered')).toBe(true)
  })

  test('what was to go to an endpoint that has been deleted is told to be disabled', async () => {
    const endpoint = await addEndpoint()
    const [id] = await deliveries.recordEvent(newEvent())
    await endpoints.delete(accountId, endpoint.id)
    expect(await deliveries.findTarget(id!)).toMatchObject({ disabled: true })
  })

  test('only those that have ended are forgotten, by age', async () => {
    await addEndpoint()
    await addEndpoint()
    const [ended, pending] = await deliveries.recordEvent(newEvent())
    await attempt(ended!, 'failed')
    await deliveries.prune(new Date(Date.now() - 60_000))
    expect(await deliveries.find(accountId, ended!)).not.toBeNull()
    await deliveries.prune(new Date(Date.now() + 60_000))
    expect(await deliveries.find(accountId, ended!)).toBeNull()
    expect(await deliveries.find(accountId, pending!)).not.toBeNull()
  })

  test('they are listed by endpoint and status, and for their own account', async () => {
    const [one, two] = [await addEndpoint(), await addEndpoint()]
    const ids = await deliveries.recordEvent(newEvent())
    const listed = await deliveries.list({ accountId, endpointId: one.id, limit: 10 })
    expect(listed.items.map(({ endpointId }) => endpointId)).toEqual([one.id])
    await attempt(listed.items[0]!.id, 'delivered')
    const pending = await deliveries.list({ accountId, status: 'pending', limit: 10 })
    expect(pending.items.map(({ endpointId }) => endpointId)).toEqual([two.id])
    const otherId = await insertAccount(database)
    expect((await deliveries.list({ accountId: otherId, limit: 10 })).items).toEqual([])
    expect(await deliveries.find(otherId, ids[0]!)).toBeNull()
  })
})

describe('endpoints', () => {
  test('an endpoint is changed and enabled again by its owner only', async () => {
    const { id } = await addEndpoint(['a'])
    await endpoints.disable(id, 'answered 410')
    await endpoints.disable(id, 'second reason')
    expect(await endpoints.find(accountId, id)).toMatchObject({ disabledReason: 'answered 410' })
    const otherId = await insertAccount(database)
    expect(await endpoints.update(otherId, id, { enabled: true })).toBeNull()
    expect(await endpoints.delete(otherId, id)).toBe(false)
    expect(await endpoints.update(accountId, id, { enabled: true, topics: ['b'] })).toMatchObject({
      disabledAt: null,
      disabledReason: null,
      topics: ['b'],
      url: 'https://example.org/hook',
    })
    expect(await endpoints.update(accountId, id, {})).toMatchObject({ id, topics: ['b'] })
  })

  test('a deleted endpoint is found no more', async () => {
    const [kept, dropped] = [await addEndpoint(), await addEndpoint()]
    expect(await endpoints.delete(accountId, dropped.id)).toBe(true)
    expect(await endpoints.delete(accountId, dropped.id)).toBe(false)
    expect(await endpoints.find(accountId, dropped.id)).toBeNull()
    expect((await endpoints.list(accountId)).map(({ id }) => id)).toEqual([kept.id])
  })

  test('an account has no more than its number of them, also when several are made at once', async () => {
    const wanted = Array.from({ length: ENDPOINT_COUNT_MAX + 3 }, () => newEndpoint())
    const made = await Promise.all(wanted.map((endpoint) => endpoints.create(endpoint)))
    const kept = made.filter((endpoint) => endpoint !== null)
    expect(kept).toHaveLength(ENDPOINT_COUNT_MAX)
    expect(await endpoints.create(wanted.find(({ id }) => id === kept[0]!.id)!)).toEqual(kept[0])
    await endpoints.delete(accountId, kept[0]!.id)
    expect(await endpoints.create(newEndpoint())).not.toBeNull()
  })
})
