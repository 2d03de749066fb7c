import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createCdn } from '../../../src/adapters/cdn/create-cdn.ts'
import { startFakeCloudFront, type FakeCloudFront } from '../../support/fake-cloudfront.ts'
import { closedPort } from '../../support/fake-http-service.ts'

const DISTRIBUTION = 'EDFDVBD6EXAMPLE'
const URLS = [
  'https://cdn.example.com/v/1/video.mp4',
  'https://cdn.example.com/v/1/thumb.jpg?a=1&b=2',
]

let cloudFront: FakeCloudFront

beforeEach(async () => {
  cloudFront = await startFakeCloudFront(DISTRIBUTION)
})
afterEach(() => cloudFront.close())

const cdnAt = (endpoint: string) =>
  createCdn({
    kind: 'cloudfront',
    distributionId: DISTRIBUTION,
    accessKeyId: 'AKIDEXAMPLE',
    secretAccessKey: 'a-secret-access-key',
    endpoint,
  })

describe('CloudFront', () => {
  test('invalidates the paths of the URLs and returns its id', async () => {
    const { reference } = await cdnAt(cloudFront.baseUrl).invalidate({
      urls: URLS,
      contentKey: 'exec_1',
    })
    expect(reference).toBe('I0000000000001')
    expect(cloudFront.created[0]?.paths).toEqual(['/v/1/thumb.jpg?a=1&b=2', '/v/1/video.mp4'])
  })

  test('a retry is not a second invalidation, whatever the order of the URLs', async () => {
    const cdn = cdnAt(cloudFront.baseUrl)
    const first = await cdn.invalidate({ urls: URLS, contentKey: 'exec_1' })
    const second = await cdn.invalidate({
      urls: [...URLS.toReversed(), ...URLS],
      contentKey: 'exec_1',
    })
    expect(second).toEqual(first)
    expect(cloudFront.requests).toHaveLength(2)
    expect(cloudFront.created).toHaveLength(1)
  })

  test('new content under the same URLs, or other URLs, is a new invalidation', async () => {
    const cdn = cdnAt(cloudFront.baseUrl)
    await cdn.invalidate({ urls: URLS, contentKey: 'exec_1' })
    await cdn.invalidate({ urls: URLS, contentKey: 'exec_2' })
    await cdn.invalidate({ urls: URLS.slice(0, 1), contentKey: 'exec_1' })
    expect(new Set(cloudFront.created.map((each) => each.id)).size).toBe(3)
  })

  test('a 503 is passed on at once as worth a retry, with the time that was asked for', async () => {
    const cdn = cdnAt(cloudFront.baseUrl)
    cloudFront.failNext(503, 'ServiceUnavailable', { 'retry-after': '7' })
    await expect(cdn.invalidate({ urls: URLS, contentKey: 'exec_1' })).rejects.toMatchObject({
      code: 'CDN_FAILED',
      retryAfterMs: 7000,
    })
    expect(cloudFront.requests).toHaveLength(1)
    await cdn.invalidate({ urls: URLS, contentKey: 'exec_1' })
    expect(cloudFront.created).toHaveLength(1)
  })

  test.each([
    [403, 'AccessDenied', 'CDN_REJECTED'],
    [404, 'NoSuchDistribution', 'CDN_REJECTED'],
    [400, 'InvalidationBatchAlreadyExists', 'CDN_REJECTED'],
    [400, 'TooManyInvalidationsInProgress', 'CDN_FAILED'],
    [400, 'Throttling', 'CDN_FAILED'],
    [500, 'InternalError', 'CDN_FAILED'],
  ])('%i %s is %s', async (status, awsCode, code) => {
    cloudFront.failNext(status, awsCode)
    const failing = cdnAt(cloudFront.baseUrl).invalidate({ urls: URLS, contentKey: 'exec_1' })
    await expect(failing).rejects.toMatchObject({
      code,
      internalDetail: expect.stringContaining(`${status} ${awsCode}`),
    })
  })

  test('the same reference with other paths is refused by the server', async () => {
    const cdn = cdnAt(cloudFront.baseUrl)
    await cdn.invalidate({ urls: URLS, contentKey: 'exec_1' })
    // Someone else used our reference: only a tampered record can bring that about.
    cloudFront.created[0]?.paths.push('/other')
    await expect(cdn.invalidate({ urls: URLS, contentKey: 'exec_1' })).rejects.toMatchObject({
      code: 'CDN_REJECTED',
      internalDetail: expect.stringContaining('InvalidationBatchAlreadyExists'),
    })
  })

  test('a server that is down is worth a retry', async () => {
    const cdn = cdnAt(`http://127.0.0.1:${await closedPort()}`)
    await expect(cdn.invalidate({ urls: URLS, contentKey: 'exec_1' })).rejects.toMatchObject({
      code: 'CDN_FAILED',
      internalDetail: expect.stringContaining('ECONNREFUSED'),
    })
  })

  test('a cancel stays a cancel', async () => {
    const reason = new Error('canceled by the caller')
    const signal = AbortSignal.abort(reason)
    await expect(
      cdnAt(cloudFront.baseUrl).invalidate({ urls: URLS, contentKey: 'exec_1', signal }),
    ).rejects.toBe(reason)
  })

  test('nothing to invalidate is no call', async () => {
    await cdnAt(cloudFront.baseUrl).invalidate({ urls: [], contentKey: 'exec_1' })
    expect(cloudFront.requests).toHaveLength(0)
  })
})

test('without a CDN the adapter says so and succeeds', async () => {
  const cdn = createCdn({ kind: 'none' })
  expect(cdn.name).toBe('none')
  expect(await cdn.invalidate({ urls: URLS, contentKey: 'exec_1' })).toEqual({ reference: null })
})
