import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  createGuardedFetcher,
  type GuardedFetcher,
} from '../../../src/adapters/fetcher/guarded-fetch.ts'
import {
  createTasksProvider,
  type ProviderOrder,
} from '../../../src/adapters/tasks-provider/tasks-provider.ts'
import { failureOfTask } from '../../../src/contracts/tasks-dialect.ts'
import { MediaError } from '../../../src/domain/failures.ts'
import type { ProviderDialect } from '../../../src/domain/task-providers.ts'
import {
  closedPort,
  startFakeHttpService,
  type FakeAnswer,
  type FakeHttpService,
} from '../../support/fake-http-service.ts'

let service: FakeHttpService
let fetcher: GuardedFetcher
let answer: () => FakeAnswer | null

beforeAll(async () => {
  service = await startFakeHttpService(() => answer())
  fetcher = createGuardedFetcher({ allowPrivateHosts: ['127.0.0.1'] })
})
afterEach(() => {
  service.requests.length = 0
})
afterAll(async () => {
  await fetcher.close()
  await service.close()
})

const providerOf = (dialect: ProviderDialect, url = service.baseUrl) =>
  createTasksProvider({ name: 'hosted', url, apiKey: 'the-key', dialect }, fetcher)

const json = (status: number, body: unknown, headers: Record<string, string> = {}): FakeAnswer => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
})

const ORDER: ProviderOrder = {
  idempotencyKey: 'task_12345678:image:1',
  kind: 'image',
  input: 'http://spool.test/files/film.mp4?signature=x',
  options: { format: 'webp', start: 2, width: 1280, fit: 'contain' },
  metadata: { owner_id: 'task_12345678', step: 'image' },
  webhookUrl: 'http://spool.test/webhooks/tasks/token',
}

/** As the hosted service answers a GET of a job that is done. */
const RECORDED_JOB = {
  id: 'job_abcdefgh',
  object: 'job',
  kind: 'image',
  input: 'http://spool.test/files/film.mp4',
  output: 'https://files.hosted.example/job_abcdefgh/output.webp',
  options: { format: 'webp' },
  metadata: {},
  status: 'succeeded',
  error: null,
  tasks: [{ id: 'task_1', object: 'task', kind: 'probe', status: 'succeeded' }],
  created_at: 1_764_590_400_000,
  started_at: 1_764_590_401_000,
  finished_at: 1_764_590_409_000,
  updated_at: 1_764_590_409_000,
}

describe('an order', () => {
  it('goes to a Spool as it is, under its key', async () => {
    answer = () => json(201, { id: 'task_1', status: 'queued' })
    expect(await providerOf('spool').submit(ORDER)).toMatchObject({ id: 'task_1' })
    expect(service.requests).toMatchObject([
      {
        method: 'POST',
        url: '/v1/tasks',
        headers: { authorization: 'Bearer the-key', 'idempotency-key': ORDER.idempotencyKey },
      },
    ])
    expect(JSON.parse(service.requests[0]?.body ?? '')).toEqual({
      kind: 'image',
      input: ORDER.input,
      options: ORDER.options,
      metadata: ORDER.metadata,
      webhook_url: ORDER.webhookUrl,
    })
  })

  it('goes to the hosted service in its own words', async () => {
    answer = () => json(201, { ...RECORDED_JOB, status: 'queued', output: null })
    const transcription: ProviderOrder = {
      ...ORDER,
      kind: 'transcription',
      options: { format: 'json', language: 'de', words: true, speakers: false },
    }
    const job = await providerOf('ittybit').submit(transcription)
    expect(job).toMatchObject({ id: 'job_abcdefgh', status: 'queued', output: null })
    expect(service.requests[0]?.url).toBe('/jobs')
    expect(JSON.parse(service.requests[0]?.body ?? '')).toMatchObject({
      kind: 'audio',
      options: { format: 'json', language: 'de' },
    })
  })

  it.each([429, 503])(
    'that is refused for now (%s) may come again, when it says so',
    async (status) => {
      answer = () => json(status, {}, { 'retry-after': '7' })
      for (const dialect of ['spool', 'ittybit'] as const) {
        await expect(providerOf(dialect).submit(ORDER)).rejects.toMatchObject({
          code: 'PROVIDER_UNAVAILABLE',
          retryAfterMs: 7_000,
        })
      }
    },
  )

  it.each([400, 401, 402, 404, 422])('that is refused for good (%s) is', async (status) => {
    answer = () => json(status, { error: 'no' })
    await expect(providerOf('ittybit').submit(ORDER)).rejects.toMatchObject({
      code: 'PROVIDER_REJECTED',
    })
  })

  const LOST: [string, () => FakeAnswer | null, string][] = [
    ['a cut connection', () => null, 'PROVIDER_UNAVAILABLE'],
    ['a page', () => ({ status: 200, body: '<!doctype html>' }), 'PROVIDER_OUTPUT_INVALID'],
    ['half an answer', () => ({ status: 201, body: '{"id":"job_' }), 'PROVIDER_OUTPUT_INVALID'],
    ['a gateway that gave up', () => ({ status: 504, body: 'x' }), 'PROVIDER_UNAVAILABLE'],
  ]
  it.each(LOST)('answered by %s was sent once, and is paid once', async (_what, lost, code) => {
    answer = lost
    await expect(providerOf('spool').submit(ORDER)).rejects.toMatchObject({ code })
    await expect(providerOf('ittybit').submit(ORDER)).rejects.toMatchObject({
      code: 'PROVIDER_OUTCOME_UNKNOWN',
    })
    expect(service.requests).toHaveLength(2)
  })

  it('that cannot have arrived may be sent again', async () => {
    const nobody = providerOf('ittybit', `http://127.0.0.1:${await closedPort()}`)
    await expect(nobody.submit(ORDER)).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' })
  })

  it('is given up at once when its step is cancelled', async () => {
    const stop = new AbortController()
    answer = () => {
      stop.abort(new Error('cancelled'))
      return null
    }
    await expect(providerOf('spool').submit(ORDER, stop.signal)).rejects.toThrow('cancelled')
  })
})

describe('a job', () => {
  it('of the hosted service that is done is read with its output and its times', async () => {
    answer = () => json(200, RECORDED_JOB)
    const job = await providerOf('ittybit').get('job_abcdefgh')
    expect(service.requests[0]).toMatchObject({ method: 'GET', url: '/jobs/job_abcdefgh' })
    expect(job).toMatchObject({
      status: 'completed',
      output: RECORDED_JOB.output,
      updated_at: '2025-12-01T12:00:09.000Z',
    })
  })

  it.each([
    ['in our words', { code: 'MEDIA_NO_AUDIO', message: 'x' }, 'MEDIA_NO_AUDIO'],
    ['in words of its own', { message: 'codec exploded' }, 'RENDERER_FAILED'],
    ['in one sentence', 'codec exploded', 'RENDERER_FAILED'],
  ])('that failed says why %s', async (_how, error, code) => {
    answer = () => json(200, { ...RECORDED_JOB, status: 'failed', output: null, error })
    const job = await providerOf('ittybit').get('job_abcdefgh')
    expect(job.status).toBe('failed')
    expect(failureOfTask(job)).toBe(code)
  })

  it.each([404, 405, 409, 200])('whose cancel is answered with %s is cancelled', async (status) => {
    answer = () => json(status, {})
    await providerOf('ittybit').cancel('job_a/../b')
    expect(service.requests[0]?.url).toBe('/jobs/job_a%2F..%2Fb/cancel')
  })

  it('that cannot be cancelled now says so', async () => {
    answer = () => json(500, {})
    await expect(providerOf('ittybit').cancel('job_a')).rejects.toBeInstanceOf(MediaError)
  })
})
