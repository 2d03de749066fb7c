import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { text } from 'node:stream/consumers'

import { CreateBucketCommand, ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'

import {
  createS3Store,
  type S3Store,
  type S3StoreOptions,
} from '../../../src/adapters/storage/s3-store.ts'
import { failureRule, MediaError } from '../../../src/domain/failures.ts'
import { eventually } from '../../support/eventually.ts'
import { closedPort } from '../../support/fake-http-service.ts'
import { startS3Server, type S3Server } from '../../support/s3-server.ts'
import { describeObjectStore } from './store-contract.ts'

const MIB = 1024 * 1024
const CACHING = 'private, max-age=300'

let server: S3Server
let admin: S3Client
beforeAll(async () => {
  server = await startS3Server()
  const { endpoint, accessKeyId, secretAccessKey } = server
  const credentials = { accessKeyId, secretAccessKey }
  admin = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials })
})
afterAll(async () => {
  admin?.destroy()
  await server?.close()
})

let buckets = 0
/** A store on an empty bucket of its own. */
const newStore = async (
  change: Partial<S3StoreOptions> = {},
): Promise<{ store: S3Store; bucket: string }> => {
  buckets += 1
  const bucket = `bucket-${buckets}`
  await admin.send(new CreateBucketCommand({ Bucket: bucket }))
  return { store: storeOn({ bucket, ...change }), bucket }
}

const storeOn = (change: Partial<S3StoreOptions>): S3Store => {
  const { endpoint, bucket, accessKeyId, secretAccessKey } = server
  const location = { endpoint, bucket, accessKeyId, secretAccessKey, region: 'us-east-1' }
  const store = createS3Store({
    ...location,
    forcePathStyle: true,
    cacheControl: CACHING,
    ...change,
  })
  onTestFinished(() => store.close())
  return store
}

const unfinishedIn = async (bucket: string): Promise<string[]> => {
  const { Uploads = [] } = await admin.send(new ListMultipartUploadsCommand({ Bucket: bucket }))
  return Uploads.map(({ Key = '' }) => Key)
}

describeObjectStore('a bucket', async () => {
  buckets += 1
  const bucket = `bucket-${buckets}`
  await admin.send(new CreateBucketCommand({ Bucket: bucket }))
  const { endpoint, accessKeyId, secretAccessKey } = server
  const location = { endpoint, bucket, accessKeyId, secretAccessKey, region: 'us-east-1' }
  const store = createS3Store({ ...location, forcePathStyle: true, cacheControl: CACHING })
  return { store, unfinished: () => unfinishedIn(bucket), close: async () => store.close() }
})

const put = (store: S3Store, key: string, body: string) =>
  store.put(key, Readable.from([Buffer.from(body)]), { contentType: 'text/plain' })

describe('a bucket', () => {
  it('is looked at before anything is asked of it', async () => {
    const { store } = await newStore()
    expect(await store.inspectBucket()).toBe('ready')
    const states = await Promise.all(
      [
        storeOn({ bucket: 'no-such-bucket' }),
        storeOn({ secretAccessKey: 'another secret' }),
        storeOn({ endpoint: `http://127.0.0.1:${await closedPort()}` }),
      ].map((other) => other.inspectBucket()),
    )
    expect(states).toEqual(['missing', 'refused', 'unreachable'])
  })

  it('that is missing, closed or out of reach is storage trouble and not a missing file', async () => {
    for (const store of [
      storeOn({ bucket: 'no-such-bucket' }),
      storeOn({ secretAccessKey: 'another secret' }),
      storeOn({ endpoint: `http://127.0.0.1:${await closedPort()}` }),
    ]) {
      const away = { code: 'STORAGE_UNAVAILABLE' }
      await expect(store.check()).rejects.toMatchObject(away)
      await expect(put(store, 'a', 'x')).rejects.toMatchObject(away)
      await expect(store.open('a')).rejects.toMatchObject(away)
      await expect(store.list('')[Symbol.asyncIterator]().next()).rejects.toMatchObject(away)
    }
  })

  it('never shows a secret or a signature in what it reports', async () => {
    const store = storeOn({ secretAccessKey: 'another secret' })
    const error = await store.open('a').catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(MediaError)
    expect((error as MediaError).internalDetail).toMatch(
      /^get a: S3 answered 403 SignatureDoesNotMatch, request \S+$/,
    )
    expect((error as MediaError).cause).toBeUndefined()
  })

  it('refuses a range behind the end', async () => {
    const { store } = await newStore()
    await put(store, 'digits', '0123456789')
    const range = { startByte: 10, endByte: 20 }
    const refused = { code: 'RANGE_UNSATISFIABLE' }
    await expect(store.open('digits', range)).rejects.toMatchObject(refused)
  })

  it('is listed page by page', async () => {
    const { store } = await newStore()
    const keys = Array.from({ length: 1_003 }, (_, index) => `many/${10_000 + index}`)
    for (let first = 0; first < keys.length; first += 50) {
      await Promise.all(keys.slice(first, first + 50).map((key) => put(store, key, key)))
    }
    const listed: string[] = []
    for await (const { key } of store.list('many/')) listed.push(key)
    expect(listed).toEqual(keys)
  })

  it('tells caches what the put wished', async () => {
    const { store } = await newStore()
    await store.put('live.m3u8', Readable.from([Buffer.from('x')]), {
      contentType: 'application/vnd.apple.mpegurl',
      cacheControl: 'no-cache',
    })
    const { headers } = await fetch(await store.signGet('live.m3u8', { expiresInSeconds: 60 }))
    expect(headers.get('cache-control')).toBe('no-cache')
    expect(headers.get('content-type')).toBe('application/vnd.apple.mpegurl')
  })

  it('takes back no upload of the last day', async () => {
    const { store, bucket } = await newStore()
    const source = new PassThrough()
    const running = put10(source, store)
    await eventually(async () => expect(await unfinishedIn(bucket)).toEqual(['upload']))
    await store.removeAbandonedUploads()
    expect(await unfinishedIn(bucket)).toEqual(['upload'])
    source.end()
    expect(await running).toEqual({ sizeBytes: 10 * MIB })
    expect(await unfinishedIn(bucket)).toEqual([])
  })
})

/** An upload in parts that waits for the end of its source. */
const put10 = (source: PassThrough, store: S3Store) => {
  source.write(Buffer.alloc(10 * MIB))
  return store.put('upload', source, { contentType: 'video/mp4' })
}

describe('a URL of a bucket', () => {
  it('is known as ours as long as it opens the object', async () => {
    const { store } = await newStore()
    const life = { expiresInSeconds: 600 }
    const signedAt = new Date(Date.now() - 500_000)
    for (const options of [life, { ...life, signedAt }, { ...life, downloadName: 'ü "b".mp4' }]) {
      expect(await store.ownKey(await store.signGet('a/b.mp4', options))).toBe('a/b.mp4')
    }
    const expired = { ...life, signedAt: new Date(Date.now() - 601_000) }
    expect(await store.ownKey(await store.signGet('a/b.mp4', expired))).toBeNull()
  })

  it('that anybody else signed, or nobody, is not ours', async () => {
    const { store, bucket } = await newStore()
    const life = { expiresInSeconds: 60 }
    const ours = await store.signGet('a/b', life)
    const foreign = [
      storeOn({ bucket, secretAccessKey: 'another secret' }),
      storeOn({ bucket, accessKeyId: 'another' }),
      storeOn({ bucket: 'another' }),
      storeOn({ bucket, endpoint: 'https://s3.example.com' }),
    ].map((other) => other.signGet('a/b', life))
    const urls = [
      ...(await Promise.all(foreign)),
      await store.signPut('a/b', { ...life, contentType: 'text/plain', maxBytes: 10 }),
      ours.replace('/a/b?', '/a/c?'),
      ours.replace('X-Amz-Expires=60', 'X-Amz-Expires=600'),
      ours.replace('/a/b?', '/a/../a/b?'),
      ours.replace(/X-Amz-Signature=[^&]+/, `X-Amz-Signature=${'0'.repeat(64)}`),
      `${ours}&versionId=1`,
      ours.slice(0, ours.indexOf('?')),
      'not a url',
      '',
    ]
    for (const url of urls) expect(await store.ownKey(url), url).toBeNull()
    expect(await store.ownKey(ours)).toBe('a/b')
  })

  it('leads to where clients reach the server, and is ours there', async () => {
    const publicEndpoint = 'https://media.example.com'
    const { store, bucket } = await newStore({ publicEndpoint })
    const url = await store.signGet('a/b', { expiresInSeconds: 60 })
    expect(url).toMatch(new RegExp(`^https://media\\.example\\.com/${bucket}/a/b\\?`))
    expect(await store.ownKey(url)).toBe('a/b')
  })

  it('leads viewers to the CDN, and programs of ours to the bucket', async () => {
    const { store } = await newStore({ cdnBaseUrl: 'https://videos.example.com' })
    const options = { expiresInSeconds: 60 }
    expect(await store.signGet('a/b.mp4', { ...options, published: true })).toBe(
      'https://videos.example.com/a/b.mp4',
    )
    expect(await store.ownKey(await store.signGet('a/b.mp4', options))).toBe('a/b.mp4')
  })

  it('names the bucket in the host where paths are not wanted', async () => {
    const store = storeOn({
      bucket: 'films',
      endpoint: 'https://s3.example.com',
      forcePathStyle: false,
    })
    const url = await store.signGet('a/b', { expiresInSeconds: 60 })
    expect(url).toMatch(/^https:\/\/films\.s3\.example\.com\/a\/b\?/)
    expect(await store.ownKey(url)).toBe('a/b')
  })

  it('lives for seven days at most', async () => {
    const { store } = await newStore()
    const url = new URL(await store.signGet('a', { expiresInSeconds: 30 * 24 * 3600 }))
    expect(url.searchParams.get('X-Amz-Expires')).toBe('604800')
  })
})

describe('a server that is killed', () => {
  it('in the middle of an upload leaves no object, and takes the next attempt', async () => {
    const { store, bucket } = await newStore()
    const source = new PassThrough()
    const attempt = put10(source, store)
    const outcome = attempt.catch((reason: unknown) => reason)
    await eventually(async () => expect(await unfinishedIn(bucket)).toEqual(['upload']))
    await server.service.kill()
    source.end(Buffer.alloc(10 * MIB))
    const error = await outcome
    expect(error).toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
    expect(failureRule((error as MediaError).code).retry).toBe('yes')

    await server.service.start()
    expect(await store.head('upload')).toBeNull()
    const again = new PassThrough()
    const second = put10(again, store)
    again.end()
    expect(await second).toEqual({ sizeBytes: 10 * MIB })
    expect(await store.head('upload')).toMatchObject({ sizeBytes: 10 * MIB })
  })

  it('in the middle of a download leaves no file', async () => {
    const { store } = await newStore()
    const source = new PassThrough()
    const stored = put10(source, store)
    source.end(Buffer.alloc(40 * MIB))
    await stored
    const folder = await mkdtemp(join(tmpdir(), 'spool-s3-download-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const reader = await store.open('upload')
    await once(reader.stream, 'readable')
    await server.service.kill()
    await expect(text(reader.stream)).rejects.toMatchObject({ code: 'ECONNRESET' })
    const download = store.downloadTo('upload', join(folder, 'film'))
    await expect(download).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
    expect(await readdir(folder)).toEqual([])
    await server.service.start()
    const { sizeBytes } = await store.downloadTo('upload', join(folder, 'film'))
    expect(sizeBytes).toBe(50 * MIB)
  })
})
