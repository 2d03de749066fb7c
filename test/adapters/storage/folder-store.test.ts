import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { openFolderStore } from '../../../src/adapters/storage/folder-store.ts'
import type { ObjectStore } from '../../../src/adapters/storage/object-store.ts'
import { createUrlSigner } from '../../../src/adapters/storage/signed-url.ts'

const urlSigner = createUrlSigner({
  publicUrl: 'https://media.example',
  secret: 'a secret of at least thirty-two bytes',
})

let folder: string
let rootPath: string
let store: ObjectStore
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-store-'))
  rootPath = join(folder, 'root')
  store = await openFolderStore({ rootPath, urlSigner })
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const put = (key: string, body: string, contentType = 'text/plain') =>
  store.put(key, Readable.from([Buffer.from(body)]), { contentType })

const keysUnder = async (prefix: string): Promise<string[]> => {
  const keys: string[] = []
  for await (const { key } of store.list(prefix)) keys.push(key)
  return keys
}

const incoming = () => readdir(join(rootPath, '.incoming'))

describe('a folder store', () => {
  it('gives back the bytes, the size and the content type of what was put', async () => {
    expect(await put('media/song.mp3', 'la la la', 'audio/mpeg')).toEqual({ sizeBytes: 8 })
    const object = await store.open('media/song.mp3')
    expect(await text(object.stream)).toBe('la la la')
    expect(object).toMatchObject({ sizeBytes: 8, contentType: 'audio/mpeg' })
    expect(await store.head('media/song.mp3')).toMatchObject({
      key: 'media/song.mp3',
      sizeBytes: 8,
      contentType: 'audio/mpeg',
    })
  })

  it('takes a file and hands one out', async () => {
    const source = join(folder, 'source')
    await writeFile(source, 'from a file')
    await store.put('a/b', { filePath: source }, { contentType: 'text/plain' })
    const target = join(folder, 'target')
    expect(await store.downloadTo('a/b', target)).toMatchObject({
      sizeBytes: 11,
      contentType: 'text/plain',
    })
    expect(await readFile(target, 'utf8')).toBe('from a file')
  })

  it('hands out a range and says how large the whole is', async () => {
    await put('digits', '0123456789')
    const { stream, sizeBytes } = await store.open('digits', { startByte: 3, endByte: 6 })
    expect(await text(stream)).toBe('3456')
    expect(sizeBytes).toBe(10)
  })

  it('lets a reader of the old object finish while a put replaces it', async () => {
    await put('changing', 'old')
    const before = await store.open('changing')
    await put('changing', 'newer', 'text/html')
    expect(await text(before.stream)).toBe('old')
    const after = await store.open('changing')
    expect(await text(after.stream)).toBe('newer')
    expect(after.contentType).toBe('text/html')
  })

  it('keeps the old object and no crumbs when the source of a put breaks', async () => {
    await put('kept', 'whole')
    const broken = Readable.from(
      (async function* () {
        yield Buffer.from('half')
        throw new Error('the line was cut')
      })(),
    )
    const attempt = store.put('kept', broken, { contentType: 'text/plain' })
    await expect(attempt).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
    expect(await text((await store.open('kept')).stream)).toBe('whole')
    expect(await incoming()).toEqual([])
  })

  it('refuses a put that grows over its limit and leaves nothing', async () => {
    const attempt = store.put('big', Readable.from([Buffer.alloc(600), Buffer.alloc(600)]), {
      contentType: 'text/plain',
      maxBytes: 1_000,
    })
    await expect(attempt).rejects.toMatchObject({ code: 'MEDIA_TOO_LARGE' })
    expect(await store.head('big')).toBeNull()
    expect(await incoming()).toEqual([])
  })

  it('ends a put and a download with the reason of their cancel', async () => {
    const controller = new AbortController()
    const endless = new Readable({
      read() {
        this.push(Buffer.alloc(1_000))
        controller.abort(new Error('enough'))
      },
    })
    const { signal } = controller
    await expect(
      store.put('endless', endless, { contentType: 'text/plain', signal }),
    ).rejects.toThrow('enough')
    expect(await incoming()).toEqual([])
    await put('there', 'x')
    await expect(store.downloadTo('there', join(folder, 'out'), signal)).rejects.toThrow('enough')
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
    expect(await readdir(rootPath)).toEqual(['.incoming'])
  })

  it('does not take a folder for an object', async () => {
    await put('folder/file', 'x')
    expect(await store.head('folder')).toBeNull()
    await expect(store.open('folder')).rejects.toMatchObject({ code: 'STORAGE_NOT_FOUND' })
  })

  it('lists by any prefix, in the order of keys, without its own files', async () => {
    for (const key of ['b', 'a/2', 'a/10', 'a-b', 'ab/c']) await put(key, key)
    expect(await keysUnder('')).toEqual(['a-b', 'a/10', 'a/2', 'ab/c', 'b'])
    expect(await keysUnder('a/')).toEqual(['a/10', 'a/2'])
    expect(await keysUnder('a')).toEqual(['a-b', 'a/10', 'a/2', 'ab/c'])
    expect(await keysUnder('none')).toEqual([])
  })

  it.each([
    '',
    '../outside',
    'a/../../outside',
    'a//b',
    '/etc/passwd',
    'a/',
    '.incoming/x',
    'a/.hidden',
    '-rf',
    'a/-rf',
    '%2e%2e/x',
    'a\\b',
    'a\0b',
    'a\nb',
    'аscii-lookalike',
    'a b',
    'a'.repeat(201),
    'a/'.repeat(300) + 'a',
  ])('never touches the disk for the key %j', async (key) => {
    const refused = { code: 'INPUT_INVALID' }
    await expect(put(key, 'x')).rejects.toMatchObject(refused)
    await expect(store.open(key)).rejects.toMatchObject(refused)
    await expect(store.head(key)).rejects.toMatchObject(refused)
    await expect(store.delete(key)).rejects.toMatchObject(refused)
    await expect(store.signGet(key, { expiresInSeconds: 60 })).rejects.toMatchObject(refused)
    expect(await readdir(folder)).toEqual(['root'])
    expect(await readdir(rootPath)).toEqual(['.incoming'])
  })

  it('clears what dead writers left behind, and nothing that is being written', async () => {
    const abandoned = join(rootPath, '.incoming', 'abandoned')
    const busy = join(rootPath, '.incoming', 'busy')
    await writeFile(abandoned, 'x')
    await writeFile(busy, 'x')
    const longAgo = Date.now() / 1000 - 25 * 60 * 60
    await utimes(abandoned, longAgo, longAgo)
    await openFolderStore({ rootPath, urlSigner })
    expect(await incoming()).toEqual(['busy'])
  })

  it('survives putting the same key many times at once', async () => {
    const bodies = Array.from({ length: 20 }, (_, index) => String(index).repeat(50_000))
    await Promise.all(bodies.map((body) => put('raced', body)))
    expect(bodies).toContain(await text((await store.open('raced')).stream))
    expect(await incoming()).toEqual([])
  })

  it('keeps its files from other users of the machine', async () => {
    await put('private', 'x')
    expect((await stat(join(rootPath, 'private'))).mode & 0o077).toBe(0)
  })

  it('reports what the file system will not do as storage trouble', async () => {
    await mkdir(join(rootPath, 'taken'))
    await expect(put('taken', 'x')).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
    expect(await incoming()).toEqual([])
  })
})
