import { request } from 'undici'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createCdn } from '../../../src/adapters/cdn/create-cdn.ts'
import { startFakeHttpService, type FakeHttpService } from '../../support/fake-http-service.ts'
import { findNginx, startNginxCache, type NginxCache } from '../../support/nginx-cache.ts'

const nginx = await findNginx()

describe.skipIf('missing' in nginx)(
  `PURGE against nginx${'missing' in nginx ? ` (skipped: ${nginx.missing})` : ''}`,
  () => {
    let origin: FakeHttpService
    let caches: NginxCache[] = []
    let content = 'first'

    beforeAll(async () => {
      origin = await startFakeHttpService(() => ({ body: content }))
      const root = 'root' in nginx ? nginx.root : ''
      caches = [
        await startNginxCache(root, origin.baseUrl),
        await startNginxCache(root, origin.baseUrl),
      ]
    })
    afterAll(async () => {
      await Promise.all(caches.map((cache) => cache.stop()))
      await origin?.close()
    })

    const view = async (cache: NginxCache, path: string, host = 'cdn.example.com') => {
      const response = await request(cache.baseUrl + path, { headers: { host }, reset: true })
      return { text: await response.body.text(), cache: response.headers['x-cache'] }
    }

    test('viewers get the old content before and the new content after, on every cache', async () => {
      content = 'first'
      for (const cache of caches) await view(cache, '/v/1.mp4?width=640')
      content = 'second'
      for (const cache of caches) {
        expect(await view(cache, '/v/1.mp4?width=640')).toEqual({ text: 'first', cache: 'HIT' })
      }
      const cdn = createCdn({ kind: 'purge', baseUrls: caches.map((cache) => cache.baseUrl) })
      const urls = ['https://cdn.example.com/v/1.mp4?width=640']
      expect(await cdn.invalidate({ urls, contentKey: 'exec_1' })).toEqual({ reference: null })
      for (const cache of caches) {
        expect(await view(cache, '/v/1.mp4?width=640')).toEqual({ text: 'second', cache: 'MISS' })
      }
    })

    test('only the URLs that were named are dropped, and only for their host', async () => {
      const [cache] = caches as [NginxCache]
      content = 'old'
      await view(cache, '/named.jpg')
      await view(cache, '/other.jpg')
      await view(cache, '/named.jpg', 'cdn.example.net')
      content = 'new'
      const cdn = createCdn({ kind: 'purge', baseUrls: [cache.baseUrl] })
      await cdn.invalidate({ urls: ['https://cdn.example.com/named.jpg'], contentKey: 'exec_1' })
      expect((await view(cache, '/named.jpg')).text).toBe('new')
      expect((await view(cache, '/other.jpg')).text).toBe('old')
      expect((await view(cache, '/named.jpg', 'cdn.example.net')).text).toBe('old')
    })

    test('what is not in the cache counts as dropped, so a retry succeeds', async () => {
      const [cache] = caches as [NginxCache]
      const cdn = createCdn({ kind: 'purge' })
      const urls = [`${cache.baseUrl}/never-seen.mp4`]
      await cdn.invalidate({ urls, contentKey: 'exec_1' })
      await expect(cdn.invalidate({ urls, contentKey: 'exec_1' })).resolves.toBeDefined()
    })
  },
)

describe('PURGE', () => {
  test.each([
    [405, 'CDN_REJECTED'],
    [403, 'CDN_REJECTED'],
    [503, 'CDN_FAILED'],
    [429, 'CDN_FAILED'],
  ])('a cache that answers %i is %s', async (status, code) => {
    const cache = await startFakeHttpService(() => ({ status }))
    const cdn = createCdn({ kind: 'purge', baseUrls: [cache.baseUrl] })
    await expect(
      cdn.invalidate({ urls: ['https://cdn.example.com/a'], contentKey: 'exec_1' }),
    ).rejects.toMatchObject({ code })
    expect(cache.requests.map((each) => each.method)).toEqual(['PURGE'])
    await cache.close()
  })
})
