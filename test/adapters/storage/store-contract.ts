import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import type { ObjectStore } from '../../../src/adapters/storage/object-store.ts'

export interface StoreUnderTest {
  readonly store: ObjectStore
  /** What puts have begun and neither finished nor taken back. */
  readonly unfinished: () => Promise<readonly string[]>
  readonly close: () => Promise<void>
}

const MIB = 1024 * 1024

/** So many bytes, none like its neighbour, in pieces whose lengths fit into nothing. */
async function* noise(sizeBytes: number): AsyncGenerator<Buffer> {
  const piece = Buffer.alloc(977_777)
  for (let index = 0; index < piece.length; index += 1) piece[index] = (index * 131) % 251
  for (let sent = 0; sent < sizeBytes; sent += piece.length) {
    piece[0] = sent % 256
    yield Buffer.from(piece.subarray(0, Math.min(piece.length, sizeBytes - sent)))
  }
}

const digest = async (stream: Readable): Promise<string> => {
  const hash = createHash('sha256')
  for await (const chunk of stream) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

/** What every store promises, whatever lies behind it. `open` gives an empty one. */
export const describeObjectStore = (name: string, open: () => Promise<StoreUnderTest>): void => {
  let world: StoreUnderTest
  let store: ObjectStore
  let folder: string
  beforeEach(async () => {
    world = await open()
    store = world.store
    folder = await mkdtemp(join(tmpdir(), 'spool-contract-'))
  })
  afterEach(async () => {
    await world.close()
    await rm(folder, { recursive: true, force: true })
  })

  const put = (key: string, body: string, contentType = 'text/plain') =>
    store.put(key, Readable.from([Buffer.from(body)]), { contentType })
  const keysUnder = async (prefix: string): Promise<string[]> => {
    const keys: string[] = []
    for await (const { key } of store.list(prefix)) keys.push(key)
    return keys
  }
  const contentOf = async (key: string) => await text((await store.open(key)).stream)

  describe(`${name}: objects`, () => {
    it('gives back the bytes, the size and the content type of what was put', async () => {
      expect(await put('media/song.mp3', 'la la la', 'audio/mpeg')).toEqual({ sizeBytes: 8 })
      const object = await store.open('media/song.mp3')
      expect(await text(object.stream)).toBe('la la la')
      expect(object).toMatchObject({ sizeBytes: 8, contentType: 'audio/mpeg' })
      const info = await store.head('media/song.mp3')
      expect(info).toMatchObject({ key: 'media/song.mp3', sizeBytes: 8, contentType: 'audio/mpeg' })
      expect(Math.abs((info?.modifiedAtMs ?? 0) - Date.now())).toBeLessThan(60_000)
      await expect(store.check()).resolves.toBeUndefined()
    })

    it('takes a stream of 20 MB whose length nobody knows, whole', async () => {
      const sizeBytes = 20 * MIB + 17
      const stream = Readable.from(noise(sizeBytes))
      expect(await store.put('big', stream, { contentType: 'video/mp4' })).toEqual({ sizeBytes })
      expect(await store.head('big')).toMatchObject({ sizeBytes, contentType: 'video/mp4' })
      const expected = await digest(Readable.from(noise(sizeBytes)))
      expect(await digest((await store.open('big')).stream)).toBe(expected)
      expect(await world.unfinished()).toEqual([])
    })

    it('takes an empty object', async () => {
      expect(await store.put('empty', Readable.from([]), { contentType: 'text/plain' })).toEqual({
        sizeBytes: 0,
      })
      expect(await contentOf('empty')).toBe('')
    })

    it('takes a file and hands one out', async () => {
      const source = join(folder, 'source')
      await writeFile(source, 'from a file')
      await store.put('a/b', { filePath: source }, { contentType: 'text/plain' })
      const target = join(folder, 'target')
      const { version } = (await store.head('a/b')) ?? {}
      expect(await store.downloadTo('a/b', target)).toEqual({
        sizeBytes: 11,
        contentType: 'text/plain',
        version,
      })
      expect(await readFile(target, 'utf8')).toBe('from a file')
    })

    it('replaces a downloaded file without touching what it was a copy of', async () => {
      await put('one', 'the first')
      await put('other', 'the second')
      const target = join(folder, 'target')
      await store.downloadTo('one', target)
      await store.downloadTo('other', target)
      expect(await readFile(target, 'utf8')).toBe('the second')
      expect(await contentOf('one')).toBe('the first')
    })

    it('hands out a range, cut at the end, and says how large the whole is', async () => {
      await put('digits', '0123456789')
      const { stream, sizeBytes } = await store.open('digits', { startByte: 3, endByte: 6 })
      expect(await text(stream)).toBe('3456')
      expect(sizeBytes).toBe(10)
      const end = await store.open('digits', { startByte: 8, endByte: 500 })
      expect(await text(end.stream)).toBe('89')
      expect(end.sizeBytes).toBe(10)
    })

    it('tells versions of an object apart', async () => {
      await put('changing', 'one')
      const first = (await store.head('changing'))?.version
      expect((await store.head('changing'))?.version).toBe(first)
      await put('changing', 'three')
      expect((await store.head('changing'))?.version).not.toBe(first)
    })

    it('lets a reader of the old object finish while a put replaces it', async () => {
      await store.put('changing', Readable.from(noise(3 * MIB)), { contentType: 'text/plain' })
      const before = await store.open('changing')
      await put('changing', 'newer', 'text/html')
      expect(await buffer(before.stream)).toHaveLength(3 * MIB)
      const after = await store.open('changing')
      expect(await text(after.stream)).toBe('newer')
      expect(after.contentType).toBe('text/html')
    })

    it('survives putting the same key many times at once', async () => {
      const bodies = Array.from({ length: 20 }, (_, index) => String(index).repeat(50_000))
      await Promise.all(bodies.map((body) => put('raced', body)))
      expect(bodies).toContain(await contentOf('raced'))
      expect(await world.unfinished()).toEqual([])
    })
  })

  describe(`${name}: what fails leaves nothing`, () => {
    it.each([
      ['a small object', 100],
      ['an object of many parts', 20 * MIB],
    ])('keeps the old object when the source of %s breaks', async (_what, sizeBytes) => {
      await put('kept', 'whole')
      const broken = Readable.from(
        (async function* () {
          yield* noise(sizeBytes)
          throw new Error('the line was cut')
        })(),
      )
      const attempt = store.put('kept', broken, { contentType: 'text/plain' })
      await expect(attempt).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
      expect(await contentOf('kept')).toBe('whole')
      expect(await world.unfinished()).toEqual([])
    })

    it.each([
      ['at once', 1_200, 1_000],
      ['after many parts', 30 * MIB, 20 * MIB],
    ])('refuses a put that grows over its limit %s', async (_when, sizeBytes, maxBytes) => {
      const attempt = store.put('big', Readable.from(noise(sizeBytes)), {
        contentType: 'text/plain',
        maxBytes,
      })
      await expect(attempt).rejects.toMatchObject({ code: 'MEDIA_TOO_LARGE' })
      expect(await store.head('big')).toBeNull()
      expect(await world.unfinished()).toEqual([])
    })

    it('ends a put with the reason of its cancel, in the middle of its parts', async () => {
      const controller = new AbortController()
      let sentBytes = 0
      const endless = new Readable({
        read() {
          this.push(Buffer.alloc(500_000))
          sentBytes += 500_000
          if (sentBytes > 25 * MIB) controller.abort(new Error('enough'))
        },
      })
      const { signal } = controller
      const attempt = store.put('endless', endless, { contentType: 'text/plain', signal })
      await expect(attempt).rejects.toThrow('enough')
      expect(await store.head('endless')).toBeNull()
      expect(await world.unfinished()).toEqual([])
      expect(endless.destroyed).toBe(true)
    })

    it('ends a download with the reason of its cancel, and leaves no file', async () => {
      await put('there', 'x')
      const target = join(folder, 'out')
      const attempt = store.downloadTo('there', target, AbortSignal.abort(new Error('enough')))
      await expect(attempt).rejects.toThrow('enough')
      await expect(stat(target)).rejects.toMatchObject({ code: 'ENOENT' })
    })

    it('says which objects are not there, and deletes them without complaint', async () => {
      const missing = { code: 'STORAGE_NOT_FOUND' }
      expect(await store.head('nothing')).toBeNull()
      await expect(store.open('nothing')).rejects.toMatchObject(missing)
      await expect(store.downloadTo('nothing', join(folder, 'x'))).rejects.toMatchObject(missing)
      await store.delete('nothing')
      await put('something', 'x')
      await store.delete('something')
      expect(await store.head('something')).toBeNull()
      expect(await keysUnder('')).toEqual([])
    })

    it.each(['', '../outside', 'a//b', '/etc/passwd', '.hidden/x', '-rf', 'a\\b', 'a b', 'a\nb'])(
      'asks nothing of what lies behind it for the key %j',
      async (key) => {
        const refused = { code: 'INPUT_INVALID' }
        await expect(put(key, 'x')).rejects.toMatchObject(refused)
        await expect(store.open(key)).rejects.toMatchObject(refused)
        await expect(store.head(key)).rejects.toMatchObject(refused)
        await expect(store.delete(key)).rejects.toMatchObject(refused)
        await expect(store.signGet(key, { expiresInSeconds: 60 })).rejects.toMatchObject(refused)
        expect(await keysUnder('')).toEqual([])
      },
    )
  })

  it(`${name}: lists by any prefix, in the order of keys, and nothing else`, async () => {
    for (const key of ['b', 'a/2', 'a/10', 'a-b', 'ab/c']) await put(key, key)
    expect(await keysUnder('')).toEqual(['a-b', 'a/10', 'a/2', 'ab/c', 'b'])
    expect(await keysUnder('a/')).toEqual(['a/10', 'a/2'])
    expect(await keysUnder('a')).toEqual(['a-b', 'a/10', 'a/2', 'ab/c'])
    expect(await keysUnder('none')).toEqual([])
    for await (const listed of store.list('a/2')) {
      const { contentType: _, ...info } = (await store.head('a/2')) ?? { contentType: '' }
      expect(listed).toEqual(info)
    }
  })

  describe(`${name}: signed URLs`, () => {
    const life = { expiresInSeconds: 600 }

    it('open the object to whoever has them, whole, in ranges, and only if it changed', async () => {
      await put('a/song.txt', '0123456789', 'text/plain')
      const url = await store.signGet('a/song.txt', life)
      const whole = await fetch(url)
      expect(whole.status).toBe(200)
      expect(whole.headers.get('content-type')).toBe('text/plain')
      expect(whole.headers.get('cache-control')).toBe('private, max-age=300')
      expect(await whole.text()).toBe('0123456789')
      const part = await fetch(url, { headers: { range: 'bytes=2-4' } })
      expect(part.status).toBe(206)
      expect(part.headers.get('content-range')).toBe('bytes 2-4/10')
      expect(await part.text()).toBe('234')
      const etag = whole.headers.get('etag') ?? ''
      expect((await fetch(url, { headers: { 'if-none-match': etag } })).status).toBe(304)
      await put('a/song.txt', 'changed')
      expect((await fetch(url, { headers: { 'if-none-match': etag } })).status).toBe(200)
    })

    it('have browsers save the file under the name that was signed', async () => {
      await put('a', 'x')
      const url = await store.signGet('a', { ...life, downloadName: 'Lied "für" Elise.mp4' })
      const { headers } = await fetch(url)
      expect(headers.get('content-disposition')).toBe(
        `attachment; filename="Lied _f_r_ Elise.mp4"; filename*=UTF-8''Lied%20%22f%C3%BCr%22%20Elise.mp4`,
      )
    })

    it('are equal for equal options', async () => {
      const signedAt = new Date(Date.now() - 5_000)
      const [one, two, other] = await Promise.all([
        store.signGet('a', { ...life, signedAt }),
        store.signGet('a', { ...life, signedAt }),
        store.signGet('a', { ...life, signedAt: new Date(Date.now() - 65_000) }),
      ])
      expect(one).toBe(two)
      expect(one).not.toBe(other)
      await put('a', 'x')
      expect((await fetch(one)).status).toBe(200)
    })

    it('end, and open nothing but what was signed', async () => {
      await put('a', 'x')
      await put('b', 'y')
      const signedAt = new Date(Date.now() - 3_600_000)
      const expired = await store.signGet('a', { expiresInSeconds: 60, signedAt })
      expect((await fetch(expired)).status).toBe(403)
      const url = await store.signGet('a', life)
      const ofLongerLife = url.replace(/(?<=Expires=)600/, '6000').replace(/(?<=expires=)1/, '2')
      expect(ofLongerLife).not.toBe(url)
      const refused = [
        await fetch(url.replace('/a?', '/b?')),
        await fetch(url, { method: 'PUT', body: 'z' }),
        await fetch(ofLongerLife),
        await fetch(url.slice(0, url.indexOf('?'))),
      ]
      expect(refused.map(({ status }) => status)).toEqual([403, 403, 403, 403])
      expect(await contentOf('a')).toBe('x')
    })

    it('take an upload of the signed content type, and of no other', async () => {
      const url = await store.signPut('up', { ...life, contentType: 'audio/mpeg', maxBytes: 1_000 })
      const send = (type: string) =>
        fetch(url, { method: 'PUT', body: 'la la', headers: { 'content-type': type } })
      expect((await send('text/html')).status).toBe(403)
      expect(await store.head('up')).toBeNull()
      expect((await send('audio/mpeg')).ok).toBe(true)
      expect(await store.head('up')).toMatchObject({ sizeBytes: 5, contentType: 'audio/mpeg' })
    })
  })
}
