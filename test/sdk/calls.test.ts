import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, test, vi } from 'vitest'
import {
  clips,
  compose,
  executeFromPlan,
  executionOf,
  generateImage,
  getExecutionStatus,
  imageModel,
  SpoolError,
  type ExecutionPlan,
} from '../../src/sdk/index.ts'

/** What stands between the program and the server, and what goes wrong there. */
type Step = (response: ServerResponse) => void

interface Heard {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly headers: IncomingMessage['headers']
  readonly body: unknown
}

const servers: Server[] = []
afterEach(async () => {
  vi.unstubAllEnvs()
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
})

/** Answers its requests by the steps, the last of them for ever. */
const startNetwork = async (...steps: Step[]) => {
  const heard: Heard[] = []
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await text(request)
    const { method, url, headers } = request
    heard.push({ method, url, headers, body: body === '' ? null : JSON.parse(body) })
    steps[Math.min(heard.length, steps.length) - 1]?.(response)
  }
  const server = createServer((request, response) => void answer(request, response))
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { heard, access: { apiUrl: `http://127.0.0.1:${port}`, apiKey: 'sk_test' } }
}

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Step =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(JSON.stringify(body))
  }
const cut: Step = (response) => void response.destroy()
const busy = json(503, { code: 'OVERLOADED', title: 'Overloaded' }, { 'retry-after': '0' })
const accepted = json(202, { executionId: 'exec_1', status: 'pending', createdAt: '' })

const state = (status: string, more: Record<string, unknown> = {}): Step =>
  json(200, {
    id: 'exec_1',
    status,
    jobs: [],
    result: null,
    error: null,
    currentJob: 'making an image',
    progress: 50,
    totalJobs: 2,
    completedJobs: 1,
    ...more,
  })
const done = state('completed', { result: { url: 'https://example.com/a.mp4' } })

const pipeline = () =>
  compose(generateImage({ model: imageModel('local/card', 'local'), prompt: 'Hello' }))
const caught = async (work: Promise<unknown>): Promise<SpoolError> => {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(SpoolError)
  return error as SpoolError
}

describe('an order', () => {
  test('that is lost on the way is sent again under the same key', async () => {
    const { heard, access } = await startNetwork(cut, busy, accepted)
    const execution = await pipeline().execute({ ...access, webhook: 'https://example.com/told' })
    expect(execution.id).toBe('exec_1')
    const keys = heard.map(({ headers }) => headers['idempotency-key'])
    expect(keys).toHaveLength(3)
    expect(new Set(keys).size).toBe(1)
    expect(heard[2]).toMatchObject({
      method: 'POST',
      url: '/execute',
      headers: { authorization: 'Bearer sk_test' },
    })
  })

  test('carries the plan and how it is to be told, and no keys of providers', async () => {
    const { heard, access } = await startNetwork(accepted)
    await pipeline().execute({
      ...access,
      webhook: 'https://example.com/told',
      webhookSecret: 's3cret',
      maxCredits: 20,
      baseExecutionId: 'exec_0',
      providerApiKeys: { fal: 'a-key' },
    })
    expect(heard[0]?.body).toEqual({
      executionPlan: { ...pipeline().toJSON(), maxCredits: 20 },
      options: {
        webhook: 'https://example.com/told',
        webhookSecret: 's3cret',
        baseExecutionId: 'exec_0',
      },
    })
  })

  test('that is refused is not sent again, and says what to mend', async () => {
    const fix = 'Use 5.'
    const { heard, access } = await startNetwork(
      json(422, {
        code: 'INPUT_INVALID',
        title: 'Input invalid',
        detail: 'The plan cannot run.',
        requestId: 'req_1',
        errors: [],
        findings: [
          { path: 'jobs.0.params.duration', message: 'is too long', fix, severity: 'error' },
          { path: 'jobs.0.type', message: 'There is no job.', fix: 'Give one.', severity: 'error' },
          { path: 'jobs.1', message: 'is used by nobody', fix: '', severity: 'warning' },
        ],
      }),
    )
    const told = vi.fn<(error: Error) => void>()
    const error = await caught(pipeline().onError(told).execute(access))
    expect(error).toMatchObject({ code: 'INPUT_INVALID', status: 422, requestId: 'req_1' })
    expect(error.findings).toHaveLength(3)
    expect(error.message).toBe(
      'The plan cannot run.\n  jobs.0.params.duration: is too long. Use 5.\n  jobs.0.type: There is no job. Give one.',
    )
    expect(told).toHaveBeenCalledExactlyOnceWith(error)
    expect(heard).toHaveLength(1)
  })

  test('that only a proxy answers says how', async () => {
    const { access } = await startNetwork((response) => {
      response.writeHead(404, { 'content-type': 'text/html' })
      response.end('<h1>Nothing here</h1>')
    })
    expect(await caught(pipeline().execute(access))).toMatchObject({
      code: 'HTTP_404',
      message: 'The server answered 404.',
    })
  })

  test('without a plan is not sent', async () => {
    const { heard, access } = await startNetwork(accepted)
    for (const [plan, message] of [
      [{}, "needs a list of jobs under 'jobs'"],
      [{ jobs: [] }, 'needs at least one job'],
      [{ jobs: [{ id: 'a', params: {} }] }, "Job a of the ExecutionPlan has no 'type'"],
    ] as const) {
      const error = await caught(executeFromPlan(plan as unknown as ExecutionPlan, access))
      expect(error.message).toContain(message)
    }
    expect(heard).toHaveLength(0)
  })

  test('without a key says how one is given', async () => {
    vi.stubEnv('SPOOL_API_KEY', '')
    await expect(pipeline().execute({ apiUrl: 'http://127.0.0.1:1' })).rejects.toThrow(
      'set SPOOL_API_KEY',
    )
  })
})

describe('waiting', () => {
  test('tells how far it is, and ends with the result', async () => {
    const at = state('processing')
    const { heard, access } = await startNetwork(accepted, at, busy, at, done)
    const seen = vi.fn<(progress: unknown) => void>()
    const execution = await pipeline().onProgress(seen).execute(access)
    expect(execution.status).toBe('completed')
    expect(execution.result).toEqual({ url: 'https://example.com/a.mp4' })
    const counts = { totalJobs: 2, completedJobs: 1, progress: 50 }
    // Once, for nothing has changed since.
    const news = { executionId: 'exec_1', currentJob: 'making an image', ...counts }
    expect(seen.mock.calls).toEqual([[news]])
    expect(heard.slice(1).map(({ url }) => url)).toEqual(
      Array.from({ length: 4 }, () => '/execute/exec_1/status'),
    )
    const late = vi.fn<(result: unknown) => void>()
    execution.onComplete(late)
    expect(late).toHaveBeenCalledOnce()
  })

  test('for a run that fails ends with its error, told once', async () => {
    const { access } = await startNetwork(accepted, state('failed', { error: 'No voice.' }))
    const told = vi.fn<(error: Error) => void>()
    const error = await caught(pipeline().onError(told).execute(access))
    expect(error).toMatchObject({ code: 'EXECUTION_FAILED', message: 'No voice. (exec_1)' })
    expect(told).toHaveBeenCalledExactlyOnceWith(error)
  })

  test('is not done where a webhook will tell', async () => {
    const { heard, access } = await startNetwork(accepted)
    const execution = await pipeline().execute({ ...access, webhook: 'https://example.com/told' })
    expect(execution.toJSON()).toEqual({ id: 'exec_1', status: 'pending' })
    expect(heard).toHaveLength(1)
  })

  test('ends with a signal', async () => {
    const controller = new AbortController()
    const { access } = await startNetwork(accepted, (response) => {
      state('processing')(response)
      controller.abort(new Error('enough'))
    })
    await expect(pipeline().execute({ ...access, signal: controller.signal })).rejects.toThrow(
      'enough',
    )
  })
})

describe('the server', () => {
  test('is found by the environment, and by the address of its route', async () => {
    const { heard, access } = await startNetwork(done)
    vi.stubEnv('SPOOL_API_URL', `${access.apiUrl}/execute/`)
    vi.stubEnv('SPOOL_API_KEY', 'sk_environment')
    await getExecutionStatus('exec_1')
    expect(heard[0]).toMatchObject({
      url: '/execute/exec_1/status',
      headers: { authorization: 'Bearer sk_environment' },
    })
  })

  test('that is not there is said to be so', async () => {
    const { access } = await startNetwork(cut)
    const execution = executionOf('exec_1', access)
    const error = await caught(execution.cancel())
    expect(error).toMatchObject({ code: 'UNREACHABLE', status: null })
    expect(error.message).toContain(access.apiUrl)
  })
})

describe('a change of a clip', () => {
  const ordered = json(202, { executionId: 'exec_2', clipId: 'clip_1', creditsHeld: 12 })
  const ended = (status: string, error: object | null = null): Step =>
    json(200, { status, finishedAt: '2026-01-01T00:00:00.000Z', error })
  const inWork = json(200, { status: 'processing', finishedAt: null, error: null })

  test('that is lost on the way is one order, and waits for the new version', async () => {
    const clip = { id: 'clip_1', version: 2, startSeconds: 12.5 }
    const { heard, access } = await startNetwork(
      ...[cut, ordered, inWork, ended('completed'), json(200, clip)],
    )
    const change = await clips.edit('clip_1', { start: 12.5, captions: false }, access)
    expect(change).toMatchObject({ executionId: 'exec_2', clipId: 'clip_1', creditsHeld: 12 })
    expect(await change.waitForClip()).toEqual(clip)
    const asked = heard.map(({ method, url }) => `${method} ${url}`)
    expect(asked).toEqual([
      'POST /v1/clips/clip_1/edit',
      'POST /v1/clips/clip_1/edit',
      'GET /v1/executions/exec_2',
      'GET /v1/executions/exec_2',
      'GET /v1/clips/clip_1',
    ])
    expect(heard[1]!.body).toEqual({ start: 12.5, captions: false })
    expect(heard[0]!.headers['idempotency-key']).toBe(heard[1]!.headers['idempotency-key'])
  })

  test.each([
    [{ code: 'NO_MOMENT_LEFT', message: 'None is left.' }, 'NO_MOMENT_LEFT'],
    [null, 'CANCELED'],
  ])('that comes to nothing throws why: %j', async (error, code) => {
    const { heard, access } = await startNetwork(ordered, ended('over', error))
    const change = await clips.regenerate('clip_1', { ...access, prompt: 'jokes' })
    expect(await caught(change.waitForClip())).toMatchObject({ code })
    expect(heard[0]).toMatchObject({
      url: '/v1/clips/clip_1/regenerate',
      body: { prompt: 'jokes' },
    })
  })

  test('and what there is are asked for by their ids', async () => {
    const { heard, access } = await startNetwork(json(200, { clips: [{ id: 'clip_1' }] }))
    expect(await clips.list('exec_1', access)).toEqual([{ id: 'clip_1' }])
    expect(heard[0]!.url).toBe('/v1/clips?executionId=exec_1')
  })
})
