import { createServer, type AddressInfo, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  createGuardedFetcher,
  type GuardedFetcher,
} from '../../../src/adapters/fetcher/guarded-fetch.ts'
import {
  createTasksRenderer,
  type TasksRenderer,
} from '../../../src/adapters/renderers/tasks-renderer.ts'
import type { TasksTransport } from '../../../src/adapters/tasks-provider/tasks-exchange.ts'
import { failureOfTask } from '../../../src/contracts/tasks-dialect.ts'
import {
  closedPort,
  startFakeHttpService,
  type FakeAnswer,
  type FakeHttpService,
} from '../../support/fake-http-service.ts'

let service: FakeHttpService
let fetcher: GuardedFetcher
let renderer: TasksRenderer
let answer: () => FakeAnswer | null

beforeAll(async () => {
  service = await startFakeHttpService(() => answer())
  fetcher = createGuardedFetcher({ allowPrivateHosts: [`127.0.0.1:${service.port}`] })
  renderer = rendererAt(`${service.baseUrl}/`)
})
afterEach(() => {
  service.requests.length = 0
})
afterAll(async () => {
  await fetcher.close()
  await service.close()
})

const rendererAt = (url: string, transport: TasksTransport = fetcher) =>
  createTasksRenderer({ name: 'farm', url, apiKey: 'the-key' }, transport)

const json = (status: number, body: unknown, headers: Record<string, string> = {}): FakeAnswer => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
})

const ORDER = {
  idempotencyKey: 'exec_12345678:remote-render:1',
  input: 'http://spool.test/files/audio.mp3?signature=x',
  options: { template: 'radial', width: 1280, height: 720 },
  metadata: { execution_id: 'exec_12345678' },
  webhookUrl: 'http://spool.test/webhooks/tasks/token',
  priority: 2,
}

describe('ordering a task', () => {
  it('sends the order in the dialect, with key and idempotency key', async () => {
    answer = () => json(201, { id: 'task_1', object: 'task', status: 'queued', progress: 0 })
    const task = await renderer.submit(ORDER)
    expect(task).toMatchObject({ id: 'task_1', status: 'queued', output: null })
    const [request] = service.requests
    expect(request).toMatchObject({ method: 'POST', url: '/v1/tasks' })
    expect(request?.headers).toMatchObject({
      authorization: 'Bearer the-key',
      'idempotency-key': ORDER.idempotencyKey,
      'content-type': 'application/json',
    })
    expect(JSON.parse(request?.body ?? '')).toEqual({
      kind: 'render',
      input: ORDER.input,
      options: ORDER.options,
      metadata: ORDER.metadata,
      webhook_url: ORDER.webhookUrl,
      priority: 2,
    })
  })

  it('takes 200 for the task of an earlier call', async () => {
    answer = () => json(200, { id: 'task_1', status: 'processing', progress: 40 })
    expect(await renderer.submit(ORDER)).toMatchObject({ id: 'task_1', progress: 40 })
  })
})

describe('the spellings of others', () => {
  it.each([
    ['succeeded', 'completed'],
    ['completed', 'completed'],
    ['cancelled', 'canceled'],
    ['canceled', 'canceled'],
  ])('reads %s as %s', async (theirs, ours) => {
    answer = () => json(200, { id: 't', status: theirs })
    expect((await renderer.get('t')).status).toBe(ours)
  })

  it.each([
    ['an object', { url: 'https://farm/out.mp4', width: 1280 }, 'https://farm/out.mp4'],
    ['a string', 'https://farm/out.mp4', 'https://farm/out.mp4'],
    ['null', null, null],
    ['nothing', undefined, null],
  ])('finds the output in %s', async (_what, output, url) => {
    answer = () => json(200, { id: 't', status: 'completed', output })
    expect((await renderer.get('t')).output).toBe(url)
  })

  it('takes only our own codes for causes, and never a cancellation or a fault of ours', async () => {
    const failureFor = async (error: unknown) => {
      answer = () => json(200, { id: 't', status: 'failed', error })
      return failureOfTask(await renderer.get('t'))
    }
    expect(await failureFor({ code: 'MEDIA_NO_AUDIO', message: 'x' })).toBe('MEDIA_NO_AUDIO')
    expect(await failureFor({ code: 'gpu_on_fire' })).toBe('RENDERER_FAILED')
    expect(await failureFor({ code: 'CANCELED' })).toBe('RENDERER_FAILED')
    // What is the renderer's own trouble is not told to a customer as theirs.
    for (const code of ['INSUFFICIENT_CREDITS', 'SOURCE_NOT_FOUND', 'RATE_LIMITED']) {
      expect(await failureFor({ code })).toBe('RENDERER_FAILED')
    }
    expect(await failureFor({ code: 'INTERNAL' })).toBe('RENDERER_FAILED')
    expect(await failureFor(null)).toBe('RENDERER_FAILED')
  })
})

describe('answers that are no task', () => {
  it.each([400, 401, 403, 404, 422])('%i is a refusal', async (status) => {
    answer = () => json(status, { code: 'whatever' })
    await expect(renderer.submit(ORDER)).rejects.toMatchObject({ code: 'RENDERER_REJECTED' })
  })

  it.each([408, 429, 500, 502, 503, 504])('%i passes', async (status) => {
    answer = () => json(status, {})
    await expect(renderer.get('t')).rejects.toMatchObject({ code: 'RENDERER_UNAVAILABLE' })
  })

  it('409 means that the same order is still being taken, and passes', async () => {
    answer = () => json(409, { code: 'IDEMPOTENCY_IN_PROGRESS' }, { 'retry-after': '1' })
    await expect(renderer.submit(ORDER)).rejects.toMatchObject({
      code: 'RENDERER_UNAVAILABLE',
      retryAfterMs: 1_000,
    })
  })

  it.each([429, 503])('%i carries the wish of its Retry-After', async (status) => {
    answer = () => json(status, {}, { 'retry-after': '17' })
    await expect(renderer.submit(ORDER)).rejects.toMatchObject({
      code: 'RENDERER_UNAVAILABLE',
      retryAfterMs: 17_000,
    })
  })

  it.each([
    ['a page of HTML', '<!doctype html><h1>Welcome</h1>'],
    ['JSON that is cut off', '{"id":"t","status":"proc'],
    ['no body', ''],
    ['a task without a status', '{"id":"t"}'],
    ['an unknown status', '{"id":"t","status":"rendering"}'],
    ['a list', '[]'],
  ])('%s is a failure of the renderer', async (_what, body) => {
    answer = () => ({ status: 200, headers: { 'content-type': 'text/html' }, body })
    await expect(renderer.get('t')).rejects.toMatchObject({ code: 'RENDERER_FAILED' })
  })

  it('quotes no more than the start of a refusal', async () => {
    answer = () => ({ status: 500, body: `${'x'.repeat(300)}the end` })
    const failure = await renderer.get('t').catch((error: Error) => error)
    expect((failure as Error).message).toContain('answered 500: xxx')
    expect((failure as Error).message).not.toContain('the end')
  })

  it('does not follow a redirect, which would hand over the key', async () => {
    answer = () => ({ status: 302, headers: { location: `${service.baseUrl}/elsewhere` } })
    await expect(renderer.submit(ORDER)).rejects.toMatchObject({ code: 'RENDERER_REJECTED' })
    expect(service.requests).toHaveLength(1)
  })
})

describe('no answer', () => {
  it.each([
    ['a cut connection', () => renderer],
    ['a closed port', async () => rendererAt(`http://127.0.0.1:${await closedPort()}`)],
  ])('%s makes the renderer unavailable', async (_what, choose) => {
    answer = () => null
    const chosen = await choose()
    await expect(chosen.get('t')).rejects.toMatchObject({ code: 'RENDERER_UNAVAILABLE' })
  })

  it('a renderer that hangs is given up after a while', async () => {
    const hanging = await startHangingService()
    try {
      let askedTimeoutMs = 0
      const chosen = rendererAt(hanging.url, {
        request: (url, options) => {
          askedTimeoutMs = options.timeoutMs
          return hanging.fetcher.request(url, { ...options, timeoutMs: 200 })
        },
      })
      await expect(chosen.get('t')).rejects.toMatchObject({ code: 'RENDERER_UNAVAILABLE' })
      // Shorter than the 30 s that the activity has.
      expect(askedTimeoutMs).toBe(10_000)
    } finally {
      await hanging.close()
    }
  })

  it('a cancel stays a cancel', async () => {
    const reason = new Error('cancelled')
    await expect(renderer.get('t', AbortSignal.abort(reason))).rejects.toBe(reason)
  })
})

describe('cancelling a task', () => {
  it.each([200, 202, 404, 409])('%i counts as cancelled', async (status) => {
    answer = () => json(status, {})
    await renderer.cancel('task/1')
    expect(service.requests[0]).toMatchObject({
      method: 'POST',
      url: '/v1/tasks/task%2F1/cancel',
    })
  })

  it('an outage is told', async () => {
    answer = () => json(503, {})
    await expect(renderer.cancel('t')).rejects.toMatchObject({ code: 'RENDERER_UNAVAILABLE' })
  })
})

describe('asking how a renderer is', () => {
  it.each([
    [200, true],
    [503, false],
    [404, false],
  ])('%i at /readyz: %s', async (status, well) => {
    answer = () => json(status, {})
    expect(await renderer.isWell()).toBe(well)
    expect(service.requests[0]?.url).toBe('/readyz')
  })

  it('is not well when there is no answer', async () => {
    answer = () => null
    expect(await renderer.isWell()).toBe(false)
  })
})

/** A server that takes connections and never says a word. */
const startHangingService = async () => {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => sockets.add(socket.on('error', () => undefined)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const own = createGuardedFetcher({ allowPrivateHosts: [`127.0.0.1:${port}`] })
  return {
    url: `http://127.0.0.1:${port}`,
    fetcher: own,
    close: async () => {
      await own.close()
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
