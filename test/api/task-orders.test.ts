/** Orders of tasks that cannot be, and what is said of them. */

import { describe, expect, test } from 'vitest'
import { testDatabase } from '../support/database.ts'
import { startApi } from './support/api-under-test.ts'
import { testTemporal } from './support/temporal-namespace.ts'

const connection = await testDatabase()
const temporal = await testTemporal()
const api = await startApi({
  connection,
  temporal: temporal.client,
  settings: { missingSettings: { speech: null, translation: 'SPOOL_TRANSLATOR' } },
})

const input = 'https://example.com/film.mp4'
const order = async (payload: object, url = '/v1/tasks') =>
  await api.call(await api.customer(), { method: 'POST', url, payload: { input, ...payload } })

describe('an order is refused at its path', () => {
  test.each<[string, object, string]>([
    ['with a width of 1', { kind: 'video', options: { width: 1 } }, 'options.width'],
    ['with a width of 100,000', { kind: 'image', options: { width: 100_000 } }, 'options.width'],
    [
      'with an end before the start',
      { kind: 'audio', options: { start: 4, end: 2 } },
      'options.end',
    ],
    [
      'with a start before the beginning',
      { kind: 'video', options: { start: -1 } },
      'options.start',
    ],
    [
      'with a codec that the format does not take',
      { kind: 'video', options: { format: 'webm', codec: 'h264' } },
      'options.codec',
    ],
    ['for a translation into nothing', { kind: 'translation' }, 'options.language'],
    ['with an option of another kind', { kind: 'image', options: { fps: 3 } }, 'options.fps'],
    [
      'with two captions of one language',
      {
        kind: 'adaptive_video',
        options: {
          captions: [
            { language: 'de', url: input },
            { language: 'de', url: input },
          ],
        },
      },
      'options.captions',
    ],
  ])('%s', async (_what, payload, path) => {
    for (const url of ['/v1/tasks', '/tasks', '/jobs']) {
      const response = await order(payload, url)
      expect(response.statusCode).toBe(422)
      const { errors } = response.json<{ errors: { path: string }[] }>()
      expect(errors.map((problem) => problem.path)).toEqual([path])
    }
  })
})

describe('a misspelt', () => {
  test.each<[string, object, string]>([
    ['kind', { kind: 'vidoe' }, 'video'],
    ['option', { kind: 'video', options: { Widht: 3 } }, 'width'],
    ['choice', { kind: 'video', options: { format: 'giff' } }, 'gif'],
    ['field', { kind: 'video', web_hook_url: 'https://example.com' }, 'webhook_url'],
  ])('%s is answered with what was probably meant', async (_what, payload, nearest) => {
    const response = await order(payload)
    expect(response.statusCode).toBe(422)
    expect(response.json<{ errors: { fix: string }[] }>().errors[0]?.fix).toContain(
      `Did you mean ${nearest}?`,
    )
  })

  test('name of a hundred thousand letters costs nothing, and is cut in the answer', async () => {
    const response = await order({ kind: 'video', options: { ['x'.repeat(100_000)]: 1 } })
    expect(response.statusCode).toBe(422)
    expect(response.body.length).toBeLessThan(2_000)
  })
})

test('what this server has no engine for is a conflict that names the setting', async () => {
  const response = await order({ kind: 'translation', options: { language: 'fr' } })
  expect(response.statusCode).toBe(409)
  expect(response.json()).toMatchObject({
    code: 'NOT_CONFIGURED',
    errors: [{ path: 'kind', message: expect.stringContaining('SPOOL_TRANSLATOR') as string }],
  })
})

test('without enough credits an order of an upload is refused with the figures, until there are some', async () => {
  const customer = await api.customer()
  const payload = { input: await api.song(customer.id), kind: 'audio', options: { format: 'aac' } }
  const headers = { 'idempotency-key': 'once' }
  const ask = () => api.call(customer, { method: 'POST', url: '/v1/tasks', payload, headers })
  const refused = await ask()
  expect(refused.statusCode).toBe(402)
  expect(refused.json()).toMatchObject({
    code: 'INSUFFICIENT_CREDITS',
    neededCredits: 1,
    availableCredits: 0,
  })
  const { tasks } = (await api.call(customer, { method: 'GET', url: '/v1/tasks' })).json()
  expect(tasks).toEqual([])
  const { ledger } = api.repositories
  await ledger.topUp({ accountId: customer.id, amountCredits: 5, reference: 'more' })
  expect((await ask()).statusCode).toBe(201)
  expect(await ledger.balance(customer.id)).toMatchObject({ held: 1 })
})

test('nobody orders without a key, wherever he asks', async () => {
  for (const url of ['/tasks', '/jobs', '/v1/tasks']) {
    const payload = { input, kind: 'image' }
    const response = await api.call(null, { method: 'POST', url, payload })
    expect(response.statusCode).toBe(401)
  }
})

test('a job is its owner’s: to others it is not there', async () => {
  const made = (await order({ kind: 'image' }, '/jobs')).json<{ id: string }>()
  const stranger = await api.customer()
  const asked = await api.call(stranger, { method: 'GET', url: `/jobs/${made.id}` })
  expect(asked.statusCode).toBe(404)
})
