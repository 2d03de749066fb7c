import { afterEach, describe, expect, test } from 'vitest'
import { createCdn } from '../../../src/adapters/cdn/create-cdn.ts'
import {
  startFakeHttpService,
  type FakeAnswer,
  type FakeHttpService,
} from '../../support/fake-http-service.ts'

const TOKEN = 'cf-token-that-is-secret'
const ZONE = '023e105f4ecef8ad9ca31a8372d0c353'

let service: FakeHttpService | undefined
afterEach(() => service?.close())

const okAnswer: FakeAnswer = {
  body: JSON.stringify({ success: true, errors: [], messages: [], result: { id: ZONE } }),
}

const refusal = (status: number, code: number, message: string): FakeAnswer => ({
  status,
  body: JSON.stringify({ success: false, errors: [{ code, message }], messages: [], result: null }),
})

const invalidateWith = async (
  answer: () => FakeAnswer | null,
  urls: readonly string[] = ['https://cdn.example.com/a.mp4'],
  signal?: AbortSignal,
) => {
  service = await startFakeHttpService(answer)
  const cdn = createCdn({
    kind: 'cloudflare',
    zoneId: ZONE,
    apiToken: TOKEN,
    apiBaseUrl: `${service.baseUrl}/`,
  })
  return cdn.invalidate({ urls, contentKey: 'exec_1', ...(signal ? { signal } : {}) })
}

describe('Cloudflare', () => {
  test('purges by URL in the API shape, at most 30 in a call, each URL once', async () => {
    const urls = Array.from({ length: 65 }, (_, index) => `https://cdn.example.com/${index}.jpg`)
    const { reference } = await invalidateWith(() => okAnswer, [...urls, ...urls])
    expect(reference).toBe(ZONE)
    const sent = service?.requests ?? []
    expect(sent.map(({ method, url }) => `${method} ${url}`)).toEqual(
      Array(3).fill(`POST /client/v4/zones/${ZONE}/purge_cache`),
    )
    expect(sent.map(({ headers }) => headers.authorization)).toEqual(
      Array(3).fill(`Bearer ${TOKEN}`),
    )
    const files = sent.map(({ body }) => (JSON.parse(body) as { files: string[] }).files)
    expect(files.map((each) => each.length)).toEqual([30, 30, 5])
    expect(files.flat()).toEqual(urls)
  })

  test('a 200 that says success:false is a failure', async () => {
    await expect(invalidateWith(() => refusal(200, 1134, 'Unable to purge'))).rejects.toMatchObject(
      { code: 'CDN_FAILED', internalDetail: expect.stringContaining('1134') },
    )
  })

  test('429 is worth a retry after the time that was asked for', async () => {
    const busy = { ...refusal(429, 10000, 'Rate limited'), headers: { 'retry-after': '12' } }
    await expect(invalidateWith(() => busy)).rejects.toMatchObject({
      code: 'CDN_FAILED',
      retryAfterMs: 12_000,
    })
    expect(service?.requests).toHaveLength(1)
  })

  test('a wrong token is final, and the token is in no error', async () => {
    const failing = invalidateWith(() => refusal(403, 10000, `Authentication error ${TOKEN}`))
    const error = await failing.catch((thrown: Error) => thrown)
    expect(error).toMatchObject({ code: 'CDN_REJECTED' })
    expect(String(error)).toContain('Authentication error')
    expect(String(error)).not.toContain(TOKEN)
  })

  test('a page of a proxy, or a cut connection, is worth a retry', async () => {
    await expect(
      invalidateWith(() => ({ status: 200, body: '<html>hello</html>' })),
    ).rejects.toMatchObject({ code: 'CDN_FAILED' })
    await service?.close()
    await expect(invalidateWith(() => null)).rejects.toMatchObject({ code: 'CDN_FAILED' })
  })

  test('a cancel stays a cancel', async () => {
    const reason = new Error('canceled by the caller')
    const controller = new AbortController()
    const canceling = () => {
      controller.abort(reason)
      return okAnswer
    }
    const urls = Array.from({ length: 31 }, (_, index) => `https://cdn.example.com/${index}.jpg`)
    await expect(invalidateWith(canceling, urls, controller.signal)).rejects.toBe(reason)
    expect(service?.requests).toHaveLength(1)
  })
})
