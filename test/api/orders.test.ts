/** What creates something: validation, idempotency, renders, tasks, admin. */

import { describe, expect, test } from 'vitest'
import { renderWorkflowId, taskWorkflowId } from '../../src/domain/ids.ts'
import { planTerms } from '../../src/domain/plans.ts'
import { testDatabase } from '../support/database.ts'
import { newId } from '../support/records.ts'
import { startApi, type Customer } from './support/api-under-test.ts'
import { eventually } from '../support/eventually.ts'
import { PRICE_CREDITS, runPipelinesWorker } from './support/pipelines-worker.ts'
import { testTemporal } from './support/temporal-namespace.ts'

const connection = await testDatabase({ poolSizeMax: 20 })
const temporal = await testTemporal()
const api = await startApi({ connection, temporal: temporal.client })
await runPipelinesWorker(temporal, api.repositories)
const { call, get, post, repositories } = api
const { client } = temporal

const creditsOf = async (who: Customer) => (await get(who, '/v1/account')).json().credits

interface SpoiltVideo {
  region: Record<string, unknown>
  [field: string]: unknown
}

const videoBody = (audioMediaId: string): SpoiltVideo => ({
  audioMediaId,
  region: { startSeconds: 0, endSeconds: 10 },
  format: '9:16',
})

describe('a video', () => {
  test('is made with every choice that was left open', async () => {
    const customer = await api.customer()
    const response = await post(customer, '/v1/videos', videoBody(await api.song(customer.id)))
    expect(response.statusCode).toBe(201)
    const video = response.json()
    expect(video).toMatchObject({
      status: 'draft',
      template: 'spectrum-bars',
      hdr: false,
      settings: { title: '', artist: '', resolution: 720, frameRate: 30, backgroundMediaId: null },
      renderProgress: null,
      videoUrl: null,
      executionId: null,
    })
    expect((await get(customer, `/v1/videos/${video.id}`)).json()).toEqual(video)
  })

  test.each<[string, (body: SpoiltVideo) => unknown, string[]]>([
    [
      'a start behind the end',
      (b) => (b.region = { startSeconds: 9, endSeconds: 3 }),
      ['region.startSeconds'],
    ],
    [
      'a start at the end',
      (b) => (b.region = { startSeconds: 9, endSeconds: 9 }),
      ['region.startSeconds'],
    ],
    ['a negative start', (b) => (b.region['startSeconds'] = -1), ['region.startSeconds']],
    ['an end behind the song', (b) => (b.region['endSeconds'] = 61), ['region.endSeconds']],
    ['text for a number', (b) => (b.region['endSeconds'] = '10'), ['region.endSeconds']],
    ['no region', (b) => delete (b as Partial<SpoiltVideo>).region, ['region']],
    ['half a region', (b) => delete b.region['endSeconds'], ['region.endSeconds']],
    ['an unknown format', (b) => (b['format'] = '21:9'), ['format']],
    ['an unknown template', (b) => (b['template'] = 'fireworks'), ['template']],
    ['no song', (b) => delete b['audioMediaId'], ['audioMediaId']],
    ['an id of another kind', (b) => (b['audioMediaId'] = newId('video')), ['audioMediaId']],
    ['a song that is not there', (b) => (b['audioMediaId'] = newId('media')), ['audioMediaId']],
    [
      'a colour that is none',
      (b) => (b['settings'] = { accentColor: 'red' }),
      ['settings.accentColor'],
    ],
    [
      'a title that cannot be drawn',
      (b) => (b['settings'] = { title: 'a\nb' }),
      ['settings.title'],
    ],
    [
      'a title without end',
      (b) => (b['settings'] = { title: 'x'.repeat(201) }),
      ['settings.title'],
    ],
    ['a misspelt field', (b) => (b['settings'] = { titel: 'x' }), ['settings.titel']],
    ['HDR without the plan for it', (b) => (b['hdr'] = true), ['hdr']],
    [
      'several things at once',
      (b) =>
        Object.assign(b, {
          format: 'x',
          template: 'y',
          region: { startSeconds: 'a', endSeconds: 2 },
        }),
      ['region.startSeconds', 'format', 'template'],
    ],
  ])('with %s is refused, with path and remedy', async (_name, spoil, paths) => {
    const customer = await api.customer()
    const body = videoBody(await api.song(customer.id))
    spoil(body)
    const response = await post(customer, '/v1/videos', body)
    expect(response.statusCode).toBe(422)
    const { code, errors } = response.json()
    expect(code).toBe('INPUT_INVALID')
    expect(errors.map(({ path }: { path: string }) => path)).toEqual(paths)
    for (const { message, fix } of errors) {
      expect(message).toMatch(/^[a-z]/)
      expect(fix).toMatch(/^[A-Z].*\.$/)
    }
  })
})

describe('a render', () => {
  test('is admitted, paid for and to be seen in one round trip', async () => {
    const customer = await api.customer({ credits: 25 })
    const videoId = await api.video(customer.id)
    const response = await post(customer, `/v1/videos/${videoId}/renders`, {})
    expect(response.statusCode).toBe(202)
    const order = response.json()
    expect(order).toEqual({
      executionId: expect.stringMatching(/^exec_/),
      workflowId: renderWorkflowId(videoId),
      status: 'pending',
      creditsHeld: PRICE_CREDITS,
    })
    expect(await creditsOf(customer)).toEqual({ available: 15, held: PRICE_CREDITS })

    const execution = (await get(customer, `/v1/executions/${order.executionId}`)).json()
    expect(execution).toMatchObject({
      id: order.executionId,
      pipeline: 'render',
      workflowId: order.workflowId,
      completed: 1,
      total: 7,
      currentStep: 'crop audio',
      outputs: {},
      error: null,
      credits: { held: PRICE_CREDITS, captured: 0, refunded: 0 },
      finishedAt: null,
    })
    expect(execution.temporalUrl).toContain(`/workflows/${order.workflowId}`)
    expect((await get(customer, `/v1/videos/${videoId}`)).json()).toMatchObject({
      status: 'pending',
      renderProgress: 0,
      executionId: order.executionId,
    })
    const described = await client.workflow.getHandle(order.workflowId).describe()
    expect(described.priority).toMatchObject({
      priorityKey: 3,
      fairnessKey: customer.id,
      fairnessWeight: planTerms('creator').fairnessWeight,
    })
    expect(described.searchAttributes).toMatchObject({
      SpoolAccountId: [customer.id],
      SpoolExecutionId: [order.executionId],
    })
  })

  test('without enough credits is refused with the figures, and nothing is held or started', async () => {
    const customer = await api.customer({ credits: PRICE_CREDITS - 1 })
    const videoId = await api.video(customer.id)
    const response = await post(customer, `/v1/videos/${videoId}/renders`)
    expect(response.statusCode).toBe(402)
    expect(response.json()).toMatchObject({
      code: 'INSUFFICIENT_CREDITS',
      neededCredits: PRICE_CREDITS,
      availableCredits: PRICE_CREDITS - 1,
    })
    expect(await creditsOf(customer)).toEqual({ available: PRICE_CREDITS - 1, held: 0 })
    expect((await get(customer, `/v1/videos/${videoId}`)).json().status).toBe('draft')
    expect((await get(customer, '/v1/executions')).json().executions).toEqual([])
  })

  test('that was refused for its price can be ordered again under the same key after a top-up', async () => {
    const customer = await api.customer()
    const url = `/v1/videos/${await api.video(customer.id)}/renders`
    expect((await post(customer, url, {}, 'again')).statusCode).toBe(402)
    await repositories.ledger.topUp({
      accountId: customer.id,
      amountCredits: 50,
      reference: 'more',
    })
    expect((await post(customer, url, {}, 'again')).statusCode).toBe(202)
  })

  test('takes the place of the one before it, whose credits come back', async () => {
    const customer = await api.customer({ credits: PRICE_CREDITS })
    const url = `/v1/videos/${await api.video(customer.id)}/renders`
    const first = (await post(customer, url)).json()
    const second = await post(customer, url)
    expect(second.statusCode).toBe(202)
    expect(await creditsOf(customer)).toEqual({ available: 0, held: PRICE_CREDITS })
    const old = (await get(customer, `/v1/executions/${first.executionId}`)).json()
    expect(old).toMatchObject({
      status: 'canceled',
      credits: { held: PRICE_CREDITS, captured: 0, refunded: PRICE_CREDITS },
    })
  })

  test('of a video that outgrew the plan is refused before anything is held', async () => {
    const customer = await api.customer({ plan: 'free', credits: 100 })
    const row = await repositories.videos.find(customer.id, await api.video(customer.id))
    const sharp = await repositories.videos.insert({
      ...row!,
      id: newId('video'),
      settings: { ...row!.settings, resolution: 1080 },
    })
    const response = await post(customer, `/v1/videos/${sharp.id}/renders`)
    expect(response.statusCode).toBe(422)
    expect(response.json().errors[0].path).toBe('settings.resolution')
    expect(await creditsOf(customer)).toEqual({ available: 100, held: 0 })
  })

  test('may ask for a later place in the queue, but not for one before its plan', async () => {
    const customer = await api.customer({ credits: 100 })
    const place = async (priority: number) => {
      const videoId = await api.video(customer.id)
      await post(customer, `/v1/videos/${videoId}/renders`, { priority })
      const { priority: placed } = await client.workflow
        .getHandle(renderWorkflowId(videoId))
        .describe()
      return placed?.priorityKey
    }
    expect(await place(5)).toBe(5)
    expect(await place(1)).toBe(3)
    const refused = await post(customer, `/v1/videos/${await api.video(customer.id)}/renders`, {
      priority: 9,
    })
    expect(refused.json().errors[0].path).toBe('priority')
  })
})

describe('an Idempotency-Key', () => {
  test('gives the first answer to every repetition, and nothing is made twice', async () => {
    const customer = await api.customer()
    const body = videoBody(await api.song(customer.id))
    const first = await post(customer, '/v1/videos', body, 'k1')
    const second = await post(customer, '/v1/videos', body, 'k1')
    expect([first.statusCode, second.statusCode]).toEqual([201, 201])
    expect(second.json()).toEqual(first.json())
    expect(second.headers['idempotency-replayed']).toBe('true')
    expect((await get(customer, '/v1/videos')).json().videos).toHaveLength(1)
  })

  test('cannot be used for another body, nor for another route', async () => {
    const customer = await api.customer()
    const body = videoBody(await api.song(customer.id))
    await post(customer, '/v1/videos', body, 'k2')
    const other = await post(customer, '/v1/videos', { ...body, hdr: false, format: '1:1' }, 'k2')
    expect(other.statusCode).toBe(409)
    expect(other.json().code).toBe('IDEMPOTENCY_CONFLICT')
    const route = await post(
      customer,
      '/v1/webhooks/endpoints',
      { url: 'https://example.com/' },
      'k2',
    )
    expect(route.statusCode).toBe(409)
  })

  test('belongs to one account', async () => {
    const [one, two] = [await api.customer(), await api.customer()]
    const first = await post(one, '/v1/videos', videoBody(await api.song(one.id)), 'k3')
    const second = await post(two, '/v1/videos', videoBody(await api.song(two.id)), 'k3')
    expect(second.statusCode).toBe(201)
    expect(second.json().id).not.toBe(first.json().id)
  })

  test('that was used for a refused body is free for the mended one', async () => {
    const customer = await api.customer()
    const body = videoBody(await api.song(customer.id))
    expect((await post(customer, '/v1/videos', { ...body, format: 'x' }, 'k4')).statusCode).toBe(
      422,
    )
    expect((await post(customer, '/v1/videos', body, 'k4')).statusCode).toBe(201)
  })

  test('that is not usable is refused', async () => {
    const customer = await api.customer()
    const response = await post(
      customer,
      '/v1/videos',
      videoBody(await api.song(customer.id)),
      'x'.repeat(300),
    )
    expect(response.statusCode).toBe(422)
    expect(response.json().errors[0].path).toBe('Idempotency-Key')
  })

  test('sent twenty times at once makes one render, one hold and twenty equal answers', async () => {
    const customer = await api.customer({ credits: 100 })
    const url = `/v1/videos/${await api.video(customer.id)}/renders`
    const responses = await Promise.all(
      Array.from({ length: 20 }, () => post(customer, url, {}, 'burst')),
    )
    expect(new Set(responses.map(({ statusCode }) => statusCode))).toEqual(new Set([202]))
    expect(new Set(responses.map(({ body }) => JSON.stringify(JSON.parse(body)))).size).toBe(1)
    expect(await creditsOf(customer)).toEqual({ available: 90, held: PRICE_CREDITS })
    expect((await get(customer, '/v1/executions')).json().executions).toHaveLength(1)
  })

  test('whose first answer was lost in an accident finds what was begun then', async () => {
    const customer = await api.customer({ credits: 100 })
    const url = `/v1/videos/${await api.video(customer.id)}/renders`
    const first = (await post(customer, url, {}, 'lost')).json()
    // As an API leaves it that died between the order and the answer, a minute ago.
    await connection.pool.query(
      `UPDATE idempotency_keys SET response_status = NULL, response_body = NULL, locked_at = 'epoch'
       WHERE account_id = $1`,
      [customer.id],
    )
    const again = await post(customer, url, {}, 'lost')
    expect(again.statusCode).toBe(202)
    expect(again.json()).toEqual(first)
    expect(await creditsOf(customer)).toEqual({ available: 90, held: PRICE_CREDITS })
  })
})

describe('an execution', () => {
  const ordered = async (credits = 100) => {
    const customer = await api.customer({ credits })
    const videoId = await api.video(customer.id)
    const { executionId } = (await post(customer, `/v1/videos/${videoId}/renders`)).json()
    return { customer, videoId, executionId, url: `/v1/executions/${executionId}` }
  }

  test('is canceled, gives its credits back, and may be canceled again', async () => {
    const { customer, executionId, url } = await ordered()
    const response = await post(customer, `${url}/cancel`)
    expect(response.statusCode).toBe(202)
    expect(response.json().executionId).toBe(executionId)
    await eventually(async () => {
      expect((await get(customer, url)).json()).toMatchObject({
        status: 'canceled',
        currentStep: null,
        credits: { held: PRICE_CREDITS, captured: 0, refunded: PRICE_CREDITS },
      })
    })
    expect(await creditsOf(customer)).toEqual({ available: 100, held: 0 })
    expect((await post(customer, `${url}/cancel`)).statusCode).toBe(202)
  })

  test('that has ended cannot be canceled or retried, and says what to do', async () => {
    const { customer, executionId, url } = await ordered()
    await repositories.executions.abandon({
      executionId,
      ending: 'error',
      failure: 'RENDERER_FAILED',
      step: null,
    })
    const canceled = await post(customer, `${url}/cancel`)
    expect(canceled.statusCode).toBe(409)
    const retried = await post(customer, `${url}/retry`)
    expect(retried.statusCode).toBe(409)
    expect(retried.json()).toMatchObject({
      code: 'CONFLICT',
      detail: expect.stringContaining('new render'),
    })
  })

  test('is retried only while it is stalled', async () => {
    const { customer, videoId, executionId, url } = await ordered()
    expect((await post(customer, `${url}/retry`)).statusCode).toBe(409)
    await repositories.executions.markStalled(executionId)
    expect((await post(customer, `${url}/retry`)).statusCode).toBe(202)
    const { events } = await client.workflow.getHandle(renderWorkflowId(videoId)).fetchHistory()
    const signals = (events ?? []).map(
      (e) => e.workflowExecutionSignaledEventAttributes?.signalName,
    )
    expect(signals.filter((name) => name === 'retry')).toHaveLength(1)
  })

  test('is found by status and by video, newest first, page by page', async () => {
    const { customer, videoId, executionId } = await ordered()
    const second = (
      await post(customer, `/v1/videos/${await api.video(customer.id)}/renders`)
    ).json()
    const ids = (response: Awaited<ReturnType<typeof get>>) =>
      response.json().executions.map(({ id }: { id: string }) => id)
    expect(ids(await get(customer, '/v1/executions'))).toEqual([second.executionId, executionId])
    expect(ids(await get(customer, `/v1/executions?videoId=${videoId}`))).toEqual([executionId])
    expect(ids(await get(customer, '/v1/executions?status=completed'))).toEqual([])
    const page = await get(customer, '/v1/executions?limit=1')
    expect(ids(page)).toEqual([second.executionId])
    const next = await get(customer, `/v1/executions?limit=1&cursor=${page.json().nextCursor}`)
    expect(ids(next)).toEqual([executionId])
    expect(next.json().nextCursor).toBeNull()
    expect((await get(customer, '/v1/executions?status=lost')).json().errors[0].path).toBe('status')
  })
})

describe('a task', () => {
  const body = { input: 'https://example.com/song.mp3', kind: 'render', metadata: { order: 7 } }

  test('is taken in the dialect and runs as a workflow', async () => {
    const customer = await api.customer({ credits: 10 })
    const response = await post(customer, '/v1/tasks', {
      ...body,
      options: { format: '1:1' },
      webhook_url: 'https://example.com/hook',
    })
    expect(response.statusCode).toBe(201)
    const task = response.json()
    expect(task).toMatchObject({
      object: 'task',
      kind: 'render',
      status: 'queued',
      input: body.input,
      options: { format: '1:1', template: 'spectrum-bars', fps: 30 },
      metadata: { order: 7 },
      progress: 0,
      output: null,
      error: null,
    })
    expect(Date.parse(task.updated_at)).toBeGreaterThanOrEqual(Date.parse(task.created_at))
    expect((await get(customer, `/v1/tasks/${task.id}`)).json()).toEqual(task)
    expect((await get(customer, '/v1/tasks')).json().tasks).toEqual([task])
    const described = await client.workflow.getHandle(taskWorkflowId(task.id)).describe()
    expect(described.type).toBe('task')
  })

  test.each<[string, object, string]>([
    ['an unknown kind', { ...body, kind: 'transmogrify' }, 'kind'],
    ['an unknown option', { ...body, options: { wobble: 1 } }, 'options.wobble'],
    [
      'a size that no encoder takes',
      { ...body, options: { width: 321, height: 320 } },
      'options.width',
    ],
    ['half a size', { ...body, options: { width: 640 } }, 'options.width'],
    ['an unknown template', { ...body, options: { template: 'x' } }, 'options.template'],
    ['HDR without the plan for it', { ...body, options: { hdr: true } }, 'options.hdr'],
    ['a file of the server', { ...body, input: 'file:///etc/passwd' }, 'input'],
    ['no input', { kind: 'render' }, 'input'],
    ['a webhook to nowhere', { ...body, webhook_url: 'ftp://example.com' }, 'webhook_url'],
    ['a webhook to a private address', { ...body, webhook_url: 'http://10.0.0.1/' }, 'webhook_url'],
    ['too much metadata', { ...body, metadata: { a: 'x'.repeat(5000) } }, 'metadata'],
    ['a priority that is none', { ...body, priority: 0 }, 'priority'],
  ])('with %s is refused at its path', async (_name, payload, path) => {
    const response = await post(await api.customer(), '/v1/tasks', payload)
    expect(response.statusCode).toBe(422)
    expect(response.json().errors.map((problem: { path: string }) => problem.path)).toEqual([path])
  })

  test('is canceled; a second cancel changes nothing', async () => {
    const customer = await api.customer()
    const { id } = (await post(customer, '/v1/tasks', body)).json()
    expect((await post(customer, `/v1/tasks/${id}/cancel`)).statusCode).toBe(202)
    await eventually(async () => {
      expect((await get(customer, `/v1/tasks/${id}`)).json().status).toBe('canceled')
    })
    const again = await post(customer, `/v1/tasks/${id}/cancel`)
    expect(again.statusCode).toBe(202)
    expect(again.json().status).toBe('canceled')
  })
})

describe('the account and its operator', () => {
  test('an account is opened, given credits once per reference, and its ledger reads backwards', async () => {
    const opened = await post('admin', '/v1/admin/accounts', { name: 'Studio One', plan: 'studio' })
    expect(opened.statusCode).toBe(201)
    const { id } = opened.json()
    const made = await post('admin', `/v1/admin/accounts/${id}/keys`, { name: 'laptop' })
    expect(made.statusCode).toBe(201)
    const owner = { id, key: made.json().key }
    for (const [reference, amountCredits] of [
      ['a', 100],
      ['b', 50],
      ['a', 100],
    ] as const) {
      const response = await post('admin', `/v1/admin/accounts/${id}/top-ups`, {
        reference,
        amountCredits,
      })
      expect(response.statusCode).toBe(201)
    }
    expect((await get(owner, '/v1/account')).json()).toMatchObject({
      id,
      plan: 'studio',
      credits: { available: 150, held: 0 },
    })
    const page = (await get(owner, '/v1/account/ledger?limit=1')).json()
    expect(page.entries).toMatchObject([{ kind: 'top-up', amountCredits: 50 }])
    const next = (await get(owner, `/v1/account/ledger?limit=1&cursor=${page.nextCursor}`)).json()
    expect(next).toMatchObject({
      entries: [{ kind: 'top-up', amountCredits: 100 }],
      nextCursor: null,
    })
  })

  test('a reference cannot be used for another amount', async () => {
    const customer = await api.customer()
    const url = `/v1/admin/accounts/${customer.id}/top-ups`
    await post('admin', url, { reference: 'r', amountCredits: 10 })
    expect((await post('admin', url, { reference: 'r', amountCredits: 11 })).statusCode).toBe(409)
    expect(await creditsOf(customer)).toEqual({ available: 10, held: 0 })
  })

  test('a key is shown once: a repetition of the request has it no more, and makes no second one', async () => {
    const customer = await api.customer()
    const url = `/v1/admin/accounts/${customer.id}/keys`
    const first = (await post('admin', url, {}, 'make-key')).json()
    const second = (await post('admin', url, {}, 'make-key')).json()
    expect(second).toEqual({ ...first, key: null })
    expect(await repositories.apiKeys.list(customer.id)).toHaveLength(2)
    const { rows } = await connection.pool.query(
      `SELECT * FROM idempotency_keys WHERE response_body::text LIKE '%' || $1 || '%'`,
      [first.key],
    )
    expect(rows).toEqual([])
  })

  test('captured credits are given back, never more than were taken', async () => {
    const customer = await api.customer({ credits: 100 })
    const videoId = await api.video(customer.id)
    const { executionId } = (await post(customer, `/v1/videos/${videoId}/renders`)).json()
    const url = `/v1/admin/accounts/${customer.id}/refunds`
    expect((await post('admin', url, { executionId })).statusCode).toBe(409)
    const files = {
      croppedAudioKey: 'a',
      videoKey: 'v',
      thumbnailKey: 't',
      squareThumbnailKey: 's',
    }
    await repositories.executions.complete({ executionId, files, renderTimeSeconds: 1 })
    const half = await post('admin', url, { executionId, amountCredits: 4 }, 'refund-1')
    expect(half.json()).toMatchObject({ amountCredits: 4, credits: { available: 94, held: 0 } })
    expect(
      (await post('admin', url, { executionId, amountCredits: 4 }, 'refund-1')).json(),
    ).toEqual(half.json())
    expect((await post('admin', url, { executionId, amountCredits: 7 })).statusCode).toBe(409)
    expect((await post('admin', url, { executionId })).json()).toMatchObject({ amountCredits: 6 })
    expect(await creditsOf(customer)).toEqual({ available: 100, held: 0 })
    const other = await api.customer()
    const foreign = await post('admin', `/v1/admin/accounts/${other.id}/refunds`, { executionId })
    expect(foreign.statusCode).toBe(404)
    const video = (await get(customer, `/v1/videos/${videoId}`)).json()
    expect(video).toMatchObject({ status: 'ready', videoUrl: expect.stringContaining('/files/v?') })
  })
})

describe('webhook endpoints', () => {
  test('are made with a secret that is shown once, changed, listed and deleted', async () => {
    const customer = await api.customer()
    const made = await post(customer, '/v1/webhooks/endpoints', {
      url: 'https://example.com/a',
      topics: ['render.completed'],
    })
    expect(made.statusCode).toBe(201)
    const { secret, ...endpoint } = made.json()
    expect(secret).toMatch(/^whsec_/)
    expect((await get(customer, '/v1/webhooks/endpoints')).json().endpoints).toEqual([endpoint])
    const url = `/v1/webhooks/endpoints/${endpoint.id}`
    const off = await call(customer, { method: 'PATCH', url, payload: { enabled: false } })
    expect(off.json().disabledAt).not.toBeNull()
    const on = await call(customer, { method: 'PATCH', url, payload: { enabled: true } })
    expect(on.json()).toEqual(endpoint)
    expect((await call(customer, { method: 'DELETE', url })).statusCode).toBe(204)
    expect((await get(customer, '/v1/webhooks/endpoints')).json().endpoints).toEqual([])
    const hidden = await post(customer, '/v1/webhooks/endpoints', { url: 'http://10.1.2.3/' })
    expect(hidden.json().errors[0].path).toBe('url')
  })

  test('are so many at most, for each event goes to all of them', async () => {
    const customer = await api.customer()
    const add = () => post(customer, '/v1/webhooks/endpoints', { url: 'https://example.com/a' })
    for (let count = 0; count < 20; count += 1) expect((await add()).statusCode).toBe(201)
    const refused = await add()
    expect(refused.statusCode).toBe(409)
    expect(refused.json().detail).toBe(
      'An account has 20 webhook endpoints at most; delete one first.',
    )
  })

  test('a delivery is repeated under its event id', async () => {
    const customer = await api.customer()
    await post(customer, '/v1/webhooks/endpoints', { url: 'https://example.com/a' })
    const eventId = newId('event')
    const [id] = await repositories.webhookDeliveries.recordEvent({
      accountId: customer.id,
      eventId,
      type: 'render.completed',
      payload: {},
    })
    const attempt = { deliveryId: id!, responseStatus: 500, responseSnippet: '', durationMs: 3 }
    await repositories.webhookDeliveries.recordAttempt({ ...attempt, status: 'failed' })
    const repeated = await post(customer, `/v1/webhooks/deliveries/${id}/repeat`)
    expect(repeated.statusCode).toBe(202)
    await eventually(async () => {
      expect((await get(customer, '/v1/webhooks/deliveries')).json().deliveries).toMatchObject([
        { id, eventId, status: 'delivered', attempts: 2, responseStatus: 200 },
      ])
    })
  })
})
