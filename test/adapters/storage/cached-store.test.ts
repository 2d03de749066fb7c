import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'

import { openCachedStore } from '../../../src/adapters/storage/cached-store.ts'
import type { ObjectStore } from '../../../src/adapters/storage/object-store.ts'
import { createS3Store, type S3Store } from '../../../src/adapters/storage/s3-store.ts'
import { startS3Server, type S3Server } from '../../support/s3-server.ts'

const MIB = 1024 * 1024

let server: S3Server
let bucket: S3Store
beforeAll(async () => {
  server = await startS3Server()
  bucket = createS3Store({
    ...server,
    region: 'us-east-1',
    forcePathStyle: true,
    cacheControl: 'private',
  })
})
afterAll(async () => {
  bucket?.close()
  await server?.close()
})

let folder: string
let cacheFolder: string
/** Keys that were really fetched, in order. */
let fetched: string[]
/** While set, a fetch waits here with a part on disk. */
let hold: (() => Promise<void>) | null
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-cache-'))
  cacheFolder = join(folder, 'cache')
  fetched = []
  hold = null
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const openCache = (sizeBytesMax = 10 * MIB): Promise<ObjectStore> => {
  const watched: ObjectStore = {
    ...bucket,
    downloadTo: async (key, filePath, signal) => {
      fetched.push(key)
      if (hold !== null) {
        await writeFile(filePath, 'the first half')
        await hold()
        signal?.throwIfAborted()
      }
      return await bucket.downloadTo(key, filePath, signal)
    },
  }
  return openCachedStore({ store: watched, folderPath: cacheFolder, sizeBytesMax })
}

const put = (key: string, body: string | Buffer) =>
  bucket.put(key, Readable.from([Buffer.from(body)]), { contentType: 'text/plain' })
const at = (name: string) => join(folder, name)
/** Releases and takes notice of fetches that are held. */
const gate = () => {
  const opened = Promise.withResolvers<void>()
  const reached = Promise.withResolvers<void>()
  hold = async () => {
    reached.resolve()
    await opened.promise
  }
  return { open: opened.resolve, reached: reached.promise }
}

describe('a cached store', () => {
  it('fetches a version once, and hands it out without copying it', async () => {
    const { sizeBytes } = await put('song', 'la la')
    const cache = await openCache()
    const first = await cache.downloadTo('song', at('one'))
    expect(await cache.downloadTo('song', at('two'))).toEqual(first)
    expect(first).toMatchObject({ sizeBytes, contentType: 'text/plain' })
    expect(fetched).toEqual(['song'])
    expect(await readFile(at('two'), 'utf8')).toBe('la la')
    expect((await stat(at('one'))).ino).toBe((await stat(at('two'))).ino)
    expect((await stat(at('one'))).mode & 0o222).toBe(0)
  })

  it('fetches once for all who want it at the same time', async () => {
    await put('shared', 'together')
    const cache = await openCache()
    const names = ['a', 'b', 'c', 'd', 'e']
    await Promise.all(names.map((name) => cache.downloadTo('shared', at(name))))
    expect(fetched).toEqual(['shared'])
    for (const name of names) expect(await readFile(at(name), 'utf8')).toBe('together')
  })

  it('hands out nothing stale', async () => {
    await put('changing', 'old')
    const cache = await openCache()
    await cache.downloadTo('changing', at('one'))
    await put('changing', 'new!')
    expect((await cache.downloadTo('changing', at('two'))).sizeBytes).toBe(4)
    expect(await readFile(at('two'), 'utf8')).toBe('new!')
    expect(await readFile(at('one'), 'utf8')).toBe('old')
    await bucket.delete('changing')
    const missing = { code: 'STORAGE_NOT_FOUND' }
    await expect(cache.downloadTo('changing', at('three'))).rejects.toMatchObject(missing)
  })

  it('goes on for the others when one of them cancels', async () => {
    await put('patient', 'worth waiting for')
    const cache = await openCache()
    const { open, reached } = gate()
    const leaving = new AbortController()
    const one = cache.downloadTo('patient', at('one'), leaving.signal)
    const other = cache.downloadTo('patient', at('other'))
    await reached
    leaving.abort(new Error('enough'))
    await expect(one).rejects.toThrow('enough')
    open()
    await other
    expect(await readFile(at('other'), 'utf8')).toBe('worth waiting for')
    expect(fetched).toEqual(['patient'])
  })

  it('ends a fetch that nobody wants any more, leaves nothing of it, and can begin anew', async () => {
    await put('unwanted', 'x')
    const cache = await openCache()
    const { open, reached } = gate()
    const leaving = new AbortController()
    const one = cache.downloadTo('unwanted', at('one'), leaving.signal)
    await reached
    leaving.abort(new Error('enough'))
    open()
    await expect(one).rejects.toThrow('enough')
    expect(await readdir(cacheFolder)).toEqual([])
    hold = null
    await cache.downloadTo('unwanted', at('again'))
    expect(await readFile(at('again'), 'utf8')).toBe('x')
  })

  it('tells everybody when the fetch fails, and tries again the next time', async () => {
    await put('shaky', 'steady')
    const cache = await openCache()
    hold = () => Promise.reject(new Error('the line was cut'))
    const both = [cache.downloadTo('shaky', at('one')), cache.downloadTo('shaky', at('two'))]
    for (const one of both) await expect(one).rejects.toThrow('the line was cut')
    expect(await readdir(cacheFolder)).toEqual([])
    hold = null
    await cache.downloadTo('shaky', at('one'))
    expect(await readFile(at('one'), 'utf8')).toBe('steady')
  })
})

describe('the room of a cache', () => {
  const film = (fill: number) => Buffer.alloc(MIB, fill)
  const use = async (cache: ObjectStore, key: string) => {
    await cache.downloadTo(key, at(key))
    await rm(at(key))
  }
  beforeEach(async () => {
    await Promise.all(['a', 'b', 'c', 'd'].map((key, index) => put(key, film(index))))
  })

  it('is made by what was not used for longest', async () => {
    const cache = await openCache(3 * MIB)
    for (const key of ['a', 'b', 'c', 'a', 'd']) await use(cache, key)
    expect(await readdir(cacheFolder)).toHaveLength(3)
    fetched = []
    for (const key of ['c', 'a', 'd']) await use(cache, key)
    expect(fetched).toEqual([])
    await use(cache, 'b')
    expect(fetched).toEqual(['b'])
  })

  it('is never made by what a workspace still has', async () => {
    const cache = await openCache(2 * MIB)
    await cache.downloadTo('a', at('in use'))
    await use(cache, 'b')
    await use(cache, 'c')
    await use(cache, 'a')
    expect(fetched).toEqual(['a', 'b', 'c'])
    expect(await readFile(at('in use'))).toEqual(film(0))
    await rm(at('in use'))
    await use(cache, 'b')
    await use(cache, 'd')
    await use(cache, 'a')
    expect(fetched).toEqual(['a', 'b', 'c', 'b', 'd', 'a'])
  })

  it('is not needed by what finds none', async () => {
    const cache = await openCache(MIB)
    await cache.downloadTo('a', at('in use'))
    await cache.downloadTo('b', at('past the cache'))
    expect(await readFile(at('past the cache'))).toEqual(film(1))
    await put('long', Buffer.alloc(2 * MIB, 7))
    await cache.downloadTo('long', at('too long'))
    expect(await readFile(at('too long'))).toEqual(Buffer.alloc(2 * MIB, 7))
    expect(await readdir(cacheFolder)).toHaveLength(1)
  })

  it('is kept to by many fetches at once', async () => {
    const cache = await openCache(2 * MIB)
    await Promise.all(['a', 'b', 'c', 'd'].map((key) => use(cache, key)))
    const sizes = await Promise.all(
      (await readdir(cacheFolder)).map(async (name) => (await stat(join(cacheFolder, name))).size),
    )
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(2 * MIB)
  })
})

describe('the next process', () => {
  it('finds what the last one kept, in the order of its use', async () => {
    await Promise.all(['x', 'y', 'z'].map((key) => put(key, Buffer.alloc(MIB, key))))
    const first = await openCache(2 * MIB)
    for (const key of ['x', 'y', 'x']) {
      await first.downloadTo(key, at(key))
      await rm(at(key))
    }
    fetched = []
    const second = await openCache(2 * MIB)
    await second.downloadTo('x', at('x'))
    expect(fetched).toEqual([])
    await rm(at('x'))
    await second.downloadTo('z', at('z'))
    await second.downloadTo('x', at('x'))
    expect(fetched).toEqual(['z'])
  })

  it('removes the half files of the dead, and takes none of them for a whole one', async () => {
    await put('film', 'whole')
    const cache = await openCache()
    const { open, reached } = gate()
    const running = cache.downloadTo('film', at('one'))
    await reached
    const [part = ''] = await readdir(cacheFolder)
    const ended = spawn(process.execPath, ['-e', ''])
    await once(ended, 'exit')
    const named = (pid: number | undefined) =>
      join(cacheFolder, part.replace(`-${process.pid}-`, `-${pid}-`))
    const [ofTheDead, ofTheLiving] = [named(ended.pid), named(process.ppid)]
    await writeFile(ofTheLiving, 'half')
    await rename(join(cacheFolder, part), ofTheDead)

    hold = null
    const next = await openCache()
    expect(await readdir(cacheFolder)).toEqual([ofTheLiving.slice(cacheFolder.length + 1)])
    await next.downloadTo('film', at('two'))
    expect(await readFile(at('two'), 'utf8')).toBe('whole')
    open()
    await running
  })

  it('does without a file that another process has removed', async () => {
    await put('gone', 'and back')
    const cache = await openCache()
    await cache.downloadTo('gone', at('one'))
    for (const name of await readdir(cacheFolder)) await rm(join(cacheFolder, name))
    await cache.downloadTo('gone', at('two'))
    expect(await readFile(at('two'), 'utf8')).toBe('and back')
    expect(fetched).toEqual(['gone', 'gone'])
  })
})
