import { afterEach, describe, expect, test } from 'vitest'
import { Webhook } from 'standardwebhooks'
import { exchange, HttpExchangeError } from '../../../src/adapters/http-exchange.ts'
import { deliverWebhook, type WebhookFetcher } from '../../../src/adapters/webhooks/deliver.ts'
import { newWebhookSecret, signWebhook } from '../../../src/adapters/webhooks/standard-webhooks.ts'
import { MediaError } from '../../../src/domain/failures.ts'
import {
  closedPort,
  startFakeHttpService,
  type FakeAnswer,
  type FakeHttpService,
} from '../../support/fake-http-service.ts'

let endpoint: FakeHttpService | undefined
afterEach(() => endpoint?.close())

const fetcher: WebhookFetcher = async (url, options) => {
  try {
    return await exchange({ url, ...options })
  } catch (error) {
    if (!(error instanceof HttpExchangeError)) throw error
    throw new MediaError('SOURCE_UNAVAILABLE', error.reason)
  }
}

const BODY = '{"type":"render.completed","data":{"title":"動画"}}'

const deliverTo = async (answer: () => FakeAnswer | null, signal?: AbortSignal) => {
  endpoint = await startFakeHttpService(answer)
  const url = `${endpoint.baseUrl}/hooks?tenant=1`
  return deliverWebhook({ url, headers: {}, body: BODY, fetcher, ...(signal ? { signal } : {}) })
}

describe('a delivery', () => {
  test('reaches the endpoint in a form that the reference library accepts', async () => {
    endpoint = await startFakeHttpService(() => ({ body: 'thanks' }))
    const secret = newWebhookSecret()
    const timestampSeconds = Math.floor(Date.now() / 1000)
    const headers = signWebhook({ secret, id: 'evt_1', timestampSeconds, body: BODY })
    const url = `${endpoint.baseUrl}/hooks?tenant=1`
    const result = await deliverWebhook({ url, headers, body: BODY, fetcher })
    expect(result).toMatchObject({ status: 200, failureCode: null, responseSnippet: 'thanks' })
    expect(result.durationMs).toBeGreaterThanOrEqual(0)
    const [request] = endpoint.requests
    expect(request).toMatchObject({ method: 'POST', url: '/hooks?tenant=1' })
    expect(request?.headers['content-type']).toBe('application/json')
    const received = request?.headers as Record<string, string>
    expect(new Webhook(secret).verify(request?.body ?? '', received)).toEqual(JSON.parse(BODY))
  })

  test('a refusal is a result, with the first 1 KB of the answer as storable text', async () => {
    const result = await deliverTo(() => ({
      status: 503,
      headers: { 'retry-after': '90' },
      body: `\u0000${'é'.repeat(5000)}`,
    }))
    expect(result).toMatchObject({ status: 503, failureCode: null, retryAfterMs: 90_000 })
    expect(result.responseSnippet).toMatch(/^é+$/)
    expect(Buffer.byteLength(result.responseSnippet)).toBeLessThanOrEqual(1024)
    expect(Buffer.byteLength(result.responseSnippet)).toBeGreaterThan(1000)
  })

  test('a redirect is not followed', async () => {
    const result = await deliverTo(() => ({ status: 307, headers: { location: '/elsewhere' } }))
    expect(result.status).toBe(307)
    expect(endpoint?.requests).toHaveLength(1)
  })

  test('an endpoint that is down, or cuts the connection, is a result without a status', async () => {
    const url = `http://127.0.0.1:${await closedPort()}/`
    const down = await deliverWebhook({ url, headers: {}, body: BODY, fetcher })
    expect(down).toMatchObject({ status: null, failureCode: 'SOURCE_UNAVAILABLE' })
    expect(await deliverTo(() => null)).toMatchObject({ status: null, responseSnippet: '' })
  })

  test('a forbidden address is a result that says so', async () => {
    const refusing: WebhookFetcher = () =>
      Promise.reject(new MediaError('SOURCE_FORBIDDEN', 'a private address'))
    const url = 'http://169.254.169.254/'
    expect(await deliverWebhook({ url, headers: {}, body: BODY, fetcher: refusing })).toMatchObject(
      { status: null, failureCode: 'SOURCE_FORBIDDEN' },
    )
  })

  test('a cancel stays a cancel, and a fault of ours is no result', async () => {
    const reason = new Error('canceled by the caller')
    await expect(deliverTo(() => ({}), AbortSignal.abort(reason))).rejects.toBe(reason)
    const broken: WebhookFetcher = () => Promise.reject(new TypeError('a bug'))
    await expect(
      deliverWebhook({ url: 'http://127.0.0.1/', headers: {}, body: BODY, fetcher: broken }),
    ).rejects.toThrow('a bug')
  })
})
