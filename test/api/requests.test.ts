/** What every request meets: keys, problems, limits, the description. */

import { createHash } from 'node:crypto'
import { Writable } from 'node:stream'
import pino from 'pino'
import { beforeAll, describe, expect, test } from 'vitest'
import { makeApiKey } from '../../src/api/api-keys.ts'
import { testDatabase } from '../support/database.ts'
import { card } from '../support/plan-jobs.ts'
import { newId } from '../support/records.ts'
import {
  ADMIN_KEY,
  signedWebhook,
  startApi,
  webhookPath,
  type Customer,
} from './support/api-under-test.ts'
import { madeClips } from './support/made-clips.ts'
import { testTemporal } from './support/temporal-namespace.ts'

const logged: string[] = []
const log = pino(
  { level: 'trace' },
  new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      logged.push(chunk.toString())
      done()
    },
  }),
)

const connection = await testDatabase()
const temporal = await testTemporal()
const api = await startApi({ connection, temporal: temporal.client, log })
const { call } = api
const limited = (perAddressPerMinute: number, perKeyPerMinute: number) =>
  startApi({
    connection,
    temporal: temporal.client,
    settings: { rateLimits: { perAddressPerMinute, perKeyPerMinute } },
  })
const withFewPerKey = await limited(1_000, 3)
const withFewPerAddress = await limited(5, 1_000)

let customer: Customer
beforeAll(async () => {
  customer = await api.customer({ credits: 100 })
})

const expectProblem = (
  response: Awaited<ReturnType<typeof call>>,
  status: number,
  code: string,
) => {
  expect(response.statusCode).toBe(status)
  expect(response.headers['content-type']).toContain('application/problem+json')
  const body = response.json()
  expect(body).toMatchObject({ code, status, requestId: response.headers['x-request-id'] })
  expect(body.title).not.toBe('')
  expect(body.detail).not.toBe('')
  expect(Array.isArray(body.errors)).toBe(true)
  return body
}

describe('every error is a problem object', () => {
  test.each([
    ['a route that does not exist', { method: 'GET', url: '/nowhere' }, 404, 'NOT_FOUND'],
    ['a route of the API that does not exist', { method: 'GET', url: '/v1/x' }, 404, 'NOT_FOUND'],
    [
      'a method that the route does not have',
      { method: 'DELETE', url: '/v1/videos' },
      404,
      'NOT_FOUND',
    ],
    ['a path parameter that is no id', { method: 'GET', url: '/v1/videos/7' }, 404, 'NOT_FOUND'],
    [
      'a body that is no JSON',
      {
        method: 'POST',
        url: '/v1/videos',
        payload: '{"a":',
        headers: { 'content-type': 'application/json' },
      },
      400,
      'BODY_MALFORMED',
    ],
    [
      'a poisoned body',
      {
        method: 'POST',
        url: '/v1/videos',
        payload: '{"__proto__": {"plan": "studio"}}',
        headers: { 'content-type': 'application/json' },
      },
      400,
      'BODY_MALFORMED',
    ],
    [
      'a type of body that nobody reads',
      { method: 'POST', url: '/v1/videos', payload: 'a', headers: { 'content-type': 'text/xml' } },
      415,
      'BODY_MALFORMED',
    ],
    [
      'a body that is too large',
      {
        method: 'POST',
        url: '/v1/videos',
        payload: JSON.stringify({ a: 'x'.repeat(2_000_000) }),
        headers: { 'content-type': 'application/json' },
      },
      413,
      'BODY_TOO_LARGE',
    ],
    ['no body where one is needed', { method: 'POST', url: '/v1/videos' }, 422, 'INPUT_INVALID'],
    [
      'a cursor of our grammar that is none',
      { method: 'GET', url: '/v1/videos?cursor=a.b' },
      422,
      'INPUT_INVALID',
    ],
    [
      'a ledger cursor that is none',
      { method: 'GET', url: '/v1/account/ledger?cursor=abc' },
      422,
      'INPUT_INVALID',
    ],
    [
      'a page that is too large',
      { method: 'GET', url: '/v1/videos?limit=1000' },
      422,
      'INPUT_INVALID',
    ],
  ] as const)('%s', async (_name, request, status, code) => {
    expectProblem(await call(customer, request), status, code)
  })
})

describe('a query parameter that a route does not know', () => {
  const fixOf = async (method: 'GET' | 'DELETE', url: string) => {
    const refused = expectProblem(await call(customer, { method, url }), 422, 'INPUT_INVALID')
    expect(refused.errors).toMatchObject([{ message: 'is not a field of this request' }])
    return refused.errors[0] as { readonly path: string; readonly fix: string }
  }

  test('is refused with the one that was probably meant', async () => {
    const lists = [
      'executions',
      'media',
      'videos',
      'tasks',
      'account/ledger',
      'webhooks/deliveries',
    ]
    for (const list of lists) {
      const { path, fix } = await fixOf('GET', `/v1/${list}?limti=5`)
      expect(path).toBe('limti')
      expect(fix).toContain('Did you mean limit?')
    }
  })

  test('is refused where there is none to know', async () => {
    await fixOf('GET', '/v1/account?limit=5')
    await fixOf('DELETE', `/v1/webhooks/endpoints/${newId('endpoint')}?force=true`)
  })

  test('is no matter to those whose clients add some of their own', async () => {
    const asked = (url: string) => call(customer, { method: 'GET', url })
    expect((await asked('/tasks?page=2')).statusCode).toBe(200)
    expect((await asked('/healthz?from=balancer')).statusCode).toBe(200)
    const events = `/v1/executions/${newId('execution')}/events?lastEventId=3`
    expectProblem(await asked(events), 404, 'NOT_FOUND')
  })
})

describe('nothing under /v1 is open', () => {
  const mistyped = (key: string) => `${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`
  test.each([
    ['no key', () => ({})],
    ['another scheme', () => ({ authorization: `Basic ${customer.key}` })],
    ['a mistyped key', () => ({ authorization: `Bearer ${mistyped(customer.key)}` })],
    ['a well-formed key that nobody has', () => ({ authorization: `Bearer ${makeApiKey().key}` })],
    [
      'the hash of a key',
      () => ({
        authorization: `Bearer ${createHash('sha256').update(customer.key).digest('hex')}`,
      }),
    ],
    ['the admin key', () => ({ authorization: `Bearer ${ADMIN_KEY}` })],
  ])('%s is refused, also where there is no route', async (_name, headers) => {
    for (const url of ['/v1/account', '/v1/nothing-here']) {
      const response = await call(null, { method: 'GET', url, headers: headers() })
      expectProblem(response, 401, 'UNAUTHENTICATED')
      expect(response.headers['www-authenticate']).toBe('Bearer')
    }
  })

  test('an account key opens no admin route', async () => {
    const response = await call(customer, {
      method: 'POST',
      url: '/v1/admin/accounts',
      payload: {},
    })
    expectProblem(response, 401, 'UNAUTHENTICATED')
  })

  test('a revoked key is refused from then on', async () => {
    const victim = await api.customer()
    const made = await call('admin', {
      method: 'POST',
      url: `/v1/admin/accounts/${victim.id}/keys`,
    })
    const { id, key } = made.json()
    const owner = { id: victim.id, key }
    expect((await call(owner, { method: 'GET', url: '/v1/account' })).statusCode).toBe(200)
    const url = `/v1/admin/accounts/${victim.id}/keys/${id}`
    expect((await call('admin', { method: 'DELETE', url })).statusCode).toBe(204)
    expectProblem(await call(owner, { method: 'GET', url: '/v1/account' }), 401, 'UNAUTHENTICATED')
  })
})

describe('a foreign id is answered like one that does not exist', () => {
  test('on every route that takes an id', async () => {
    const owner = await api.customer({ credits: 100 })
    const videoId = await api.video(owner.id)
    const mediaId = await api.song(owner.id)
    const executionId = newId('execution')
    await api.repositories.executions.admitRender({
      order: { executionId, videoId, accountId: owner.id },
      workflowId: `render-${videoId}`,
      replaces: null,
      steps: ['hold credits'],
      holdExpiresAt: new Date(Date.now() + 60_000),
      amountCredits: 1,
    })
    const task = await api.repositories.tasks.insert({
      id: newId('task'),
      accountId: owner.id,
      kind: 'render',
      input: 'https://example.com/a.mp3',
      options: {},
      metadata: {},
      webhookUrl: null,
      priority: 3,
    })
    const endpoint = await api.repositories.webhookEndpoints.create({
      id: newId('endpoint'),
      accountId: owner.id,
      url: 'https://example.com/hook',
      secret: 'whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0',
      topics: [],
    })
    const [deliveryId] = await api.repositories.webhookDeliveries.recordEvent({
      accountId: owner.id,
      eventId: newId('event'),
      type: 'render.completed',
      payload: {},
    })
    const generationId = newId('execution')
    await api.repositories.generations.store({
      ...{ executionId: generationId, accountId: owner.id, body: { jobs: [] } },
      jobs: [{ job: card('card'), upperCredits: 1 }],
      ...{ maxCredits: null, baseExecutionId: null, webhook: null },
    })
    const clipId = (await madeClips(api, owner)).clipIds[0]!
    const bodies: Record<string, object> = {
      'patch /v1/webhooks/endpoints/:id': { topics: [] },
      'post /v1/generations/:id/limit': { maxCredits: 5 },
      'post /v1/executions/:id/fork': { changes: {} },
      'post /v1/clips/:id/edit': { start: 1 },
    }
    const ids: Record<string, string> = {
      '/v1/generations/:id': generationId,
      '/v1/generations/:id/limit': generationId,
      '/v1/executions/:id/fork': generationId,
      '/v1/clips/:id': clipId,
      '/v1/clips/:id/edit': clipId,
      '/v1/clips/:id/regenerate': clipId,
      '/v1/media/:id': mediaId,
      '/v1/videos/:id': videoId,
      '/v1/videos/:id/renders': videoId,
      '/v1/executions/:id': executionId,
      '/v1/executions/:id/events': executionId,
      '/v1/executions/:id/cancel': executionId,
      '/v1/executions/:id/retry': executionId,
      '/v1/tasks/:id': task.id,
      '/v1/tasks/:id/cancel': task.id,
      '/v1/webhooks/endpoints/:id': endpoint!.id,
      '/v1/webhooks/deliveries/:id/repeat': deliveryId!,
    }
    const document = (await call(null, { method: 'GET', url: '/openapi.json' })).json()
    const seen = new Set<string>()
    for (const [path, operations] of Object.entries<Record<string, unknown>>(document.paths)) {
      const route = path.replaceAll(/\{(\w+)\}/g, ':$1')
      if (!route.startsWith('/v1/') || route.startsWith('/v1/admin') || !route.includes(':'))
        continue
      const id = ids[route]
      expect(id, `${route} is not in this test`).toBeDefined()
      for (const method of Object.keys(operations)) {
        const body = bodies[`${method} ${route}`]
        const url = route.replace(':id', id!)
        const request = {
          ...{ method: method.toUpperCase() as 'GET', url },
          ...(body === undefined ? {} : { payload: body }),
        }
        const foreign = expectProblem(await call(customer, request), 404, 'NOT_FOUND')
        const unknown = {
          ...request,
          url: route.replace(':id', `${id!.split('_')[0]}_${'0'.repeat(20)}`),
        }
        const absent = expectProblem(await call(customer, unknown), 404, 'NOT_FOUND')
        expect({ ...foreign, requestId: '' }).toEqual({ ...absent, requestId: '' })
        seen.add(route)
      }
    }
    expect(seen).toEqual(new Set(Object.keys(ids)))
    const still = await api.repositories.executions.findById(executionId)
    expect(still?.status).toBe('pending')
  })

  test('in bodies too: a song or a background of somebody else is refused', async () => {
    const owner = await api.customer()
    const foreignSong = await api.song(owner.id)
    const payload = {
      audioMediaId: foreignSong,
      region: { startSeconds: 0, endSeconds: 5 },
      format: '1:1',
    }
    const response = await call(customer, { method: 'POST', url: '/v1/videos', payload })
    expect(expectProblem(response, 422, 'INPUT_INVALID').errors[0].path).toBe('audioMediaId')
    const task = { input: foreignSong, kind: 'render' }
    const refused = await call(customer, { method: 'POST', url: '/v1/tasks', payload: task })
    expect(expectProblem(refused, 422, 'INPUT_INVALID').errors[0].path).toBe('input')
  })
})

describe('the description', () => {
  test('has every route of the API, with the errors that it can answer', async () => {
    const response = await call(null, { method: 'GET', url: '/openapi.json' })
    expect(response.statusCode).toBe(200)
    const document = response.json()
    expect(document.openapi).toBe('3.1.0')
    const described = Object.entries<Record<string, object>>(document.paths).flatMap(
      ([path, all]) => Object.keys(all).map((method) => `${method} ${path}`),
    )
    expect(described.toSorted()).toEqual(
      [
        'delete /mcp',
        'delete /v1/admin/accounts/{id}/keys/{keyId}',
        'delete /v1/webhooks/endpoints/{id}',
        'get /execute/{id}/status',
        'get /files/{*}',
        'get /healthz',
        'get /jobs/{id}',
        'get /mcp',
        'get /metrics',
        'get /openapi.json',
        'get /readyz',
        'get /v1/account',
        'get /v1/account/ledger',
        'get /v1/clips',
        'get /v1/clips/{id}',
        'get /v1/executions',
        'get /v1/executions/{id}',
        'get /v1/executions/{id}/events',
        'get /v1/generations/models',
        'get /v1/generations/schema',
        'get /v1/generations/{id}',
        'get /v1/live',
        'get /v1/media',
        'get /v1/media/{id}',
        'get /v1/tasks',
        'get /v1/tasks/{id}',
        'get /v1/videos',
        'get /v1/videos/{id}',
        'get /v1/webhooks/deliveries',
        'get /v1/webhooks/endpoints',
        'get /play/{token}/{*}',
        'head /files/{*}',
        'head /play/{token}/{*}',
        'patch /v1/webhooks/endpoints/{id}',
        'post /execute',
        'post /mcp',
        'post /v1/admin/accounts',
        'post /v1/admin/accounts/{id}/keys',
        'post /v1/admin/accounts/{id}/refunds',
        'post /v1/admin/accounts/{id}/top-ups',
        'post /v1/admin/generations/{id}/jobs/{jobId}/decision',
        'post /v1/clips',
        'post /v1/clips/{id}/edit',
        'post /v1/clips/{id}/regenerate',
        'post /v1/executions/{id}/cancel',
        'post /v1/executions/{id}/fork',
        'post /v1/executions/{id}/retry',
        'post /v1/generations',
        'post /v1/generations/lint',
        'post /v1/generations/{id}/limit',
        'post /jobs',
        'post /jobs/{id}/cancel',
        'post /v1/live/tickets',
        'post /v1/localizations',
        'post /v1/media',
        'post /v1/streams',
        'post /v1/tasks',
        'post /v1/tasks/{id}/cancel',
        'post /v1/videos',
        'post /v1/videos/{id}/renders',
        'post /v1/webhooks/deliveries/{id}/repeat',
        'post /v1/webhooks/endpoints',
        'post /webhooks/models/{token}',
        'post /webhooks/tasks/{token}',
        'put /files/{*}',
      ].toSorted(),
    )
  })

  test('says of every route under /v1 that it needs a key', async () => {
    const { paths } = (await call(null, { method: 'GET', url: '/openapi.json' })).json()
    for (const [path, operations] of Object.entries<
      Record<string, { security: unknown; responses: unknown }>
    >(paths)) {
      for (const operation of Object.values(operations)) {
        if (!path.startsWith('/v1/')) continue
        expect(operation.security, path).toHaveLength(1)
        expect(operation.responses, path).toHaveProperty('401')
      }
    }
  })

  test('refers only to schemas that it has', async () => {
    const document = (await call(null, { method: 'GET', url: '/openapi.json' })).json()
    const references = [
      ...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g),
    ]
    expect(references.length).toBeGreaterThan(10)
    for (const [, name] of references) expect(document.components.schemas).toHaveProperty(name!)
  })
})

describe('rate limits', () => {
  test('one key cannot take more than its share, and is told when to come back', async () => {
    const strict = withFewPerKey
    const greedy = await strict.customer()
    const modest = await strict.customer()
    const get = (who: Customer) => strict.call(who, { method: 'GET', url: '/v1/account' })
    for (let count = 0; count < 3; count += 1) expect((await get(greedy)).statusCode).toBe(200)
    const refused = await get(greedy)
    expectProblem(refused, 429, 'RATE_LIMITED')
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    expect((await get(modest)).statusCode).toBe(200)
  })

  test('one address cannot try keys without end, while health stays readable', async () => {
    const strict = withFewPerAddress
    const guess = () =>
      strict.call(null, {
        method: 'GET',
        url: '/v1/account',
        headers: { authorization: `Bearer ${makeApiKey().key}` },
      })
    for (let count = 0; count < 5; count += 1) expect((await guess()).statusCode).toBe(401)
    const refused = await guess()
    expectProblem(refused, 429, 'RATE_LIMITED')
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    expect((await strict.call(null, { method: 'GET', url: '/healthz' })).statusCode).toBe(200)
  })
})

test('no key, signature or token is ever logged', async () => {
  const url = await api.dependencies.files.signGet('no/such', { expiresInSeconds: 60 })
  const { pathname, search } = new URL(url)
  const token = webhookPath({ workflowId: 'render-x', executionId: 'exec_x' })
  await call(customer, { method: 'GET', url: '/v1/account' })
  await call(null, { method: 'GET', url: `${pathname}${search}` })
  await call(null, { method: 'GET', url: token })
  await call(null, {
    method: 'POST',
    url: token,
    ...signedWebhook({ type: 'unknown', task_id: 't' }),
  })
  await call(null, { method: 'POST', url: token, payload: '{}' })
  const playback = new URL(api.dependencies.playback.urlOf('tasks/task_x/stream/master.m3u8')!)
  await call(null, { method: 'GET', url: playback.pathname })
  const all = logged.join('')
  expect(all).toContain('/webhooks/tasks/:token')
  expect(all).toContain('"path":"/play/:token/master.m3u8"')
  expect(all).not.toContain(playback.pathname.split('/').at(2))
  expect(all).toContain('"path":"/files/no/such"')
  expect(all).not.toContain(customer.key)
  expect(all).not.toContain(ADMIN_KEY)
  expect(all).not.toContain(token.split('/').at(-1))
  expect(all).not.toContain(new URLSearchParams(search).get('signature'))
})
