import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { openFolderStore } from '../../../src/adapters/storage/folder-store.ts'
import type { ObjectStore } from '../../../src/adapters/storage/object-store.ts'
import { createUrlSigner } from '../../../src/adapters/storage/signed-url.ts'
import { startFileServer } from '../../support/file-server.ts'
import { describeObjectStore } from './store-contract.ts'

describeObjectStore('a folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'spool-store-'))
  const { store, close } = await startFileServer(folder)
  return {
    store,
    unfinished: () => readdir(join(folder, '.incoming')),
    close: async () => {
      await close()
      await rm(folder, { recursive: true, force: true })
    },
  }
})

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

const put = (key: string, body: string) =>
  store.put(key, Readable.from([Buffer.from(body)]), { contentType: 'text/plain' })

const incoming = () => readdir(join(rootPath, '.incoming'))

describe('a folder store', () => {
  it('does not take a folder for an object', async () => {
    await put('folder/file', 'x')
    expect(await store.head('folder')).toBeNull()
    await expect(store.open('folder')).rejects.toMatchObject({ code: 'STORAGE_NOT_FOUND' })
    const download = store.downloadTo('folder', join(folder, 'out'))
    await expect(download).rejects.toMatchObject({ code: 'STORAGE_NOT_FOUND' })
  })

  it.each([
    'a/../../outside',
    'a/',
    '.incoming/x',
    'a/.hidden',
    'a/-rf',
    '%2e%2e/x',
    'a\0b',
    'аscii-lookalike',
    'a'.repeat(201),
    'a/'.repeat(300) + 'a',
  ])('never touches the disk for the key %j', async (key) => {
    const refused = { code: 'INPUT_INVALID' }
    await expect(put(key, 'x')).rejects.toMatchObject(refused)
    await expect(store.open(key)).rejects.toMatchObject(refused)
    await expect(store.downloadTo(key, join(folder, 'out'))).rejects.toMatchObject(refused)
    await expect(store.head(key)).rejects.toMatchObject(refused)
    await expect(store.delete(key)).rejects.toMatchObject(refused)
    expect(await readdir(folder)).toEqual(['root'])
    expect(await readdir(rootPath)).toEqual(['.incoming'])
  })

  it('copies nothing for a download on its own file system', async () => {
    await put('film', 'bytes')
    await store.downloadTo('film', join(folder, 'source'))
    const [stored, downloaded] = await Promise.all([
      stat(join(rootPath, 'film')),
      stat(join(folder, 'source')),
    ])
    expect(downloaded.ino).toBe(stored.ino)
    // The workspace that has it cannot write to it, nor is it lost with the object.
    expect(downloaded.mode & 0o222).toBe(0)
    await store.delete('film')
    expect((await stat(join(folder, 'source'))).size).toBe(5)
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

  it('keeps its files from other users of the machine', async () => {
    await put('private', 'x')
    expect((await stat(join(rootPath, 'private'))).mode & 0o077).toBe(0)
  })

  it('reports what the file system will not do as storage trouble', async () => {
    await mkdir(join(rootPath, 'taken'))
    await expect(put('taken', 'x')).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
    expect(await incoming()).toEqual([])
    await rm(rootPath, { recursive: true })
    await expect(store.check()).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
  })
})
