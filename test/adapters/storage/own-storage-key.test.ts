import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStorage, type Storage } from '../../../src/composition/storage.ts'
import { readConfig } from '../../../src/config.ts'

let folder: string
let storage: Storage
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-own-key-'))
  storage = await openStorage(
    readConfig({
      DATABASE_URL: 'postgres://spool@127.0.0.1/spool',
      SPOOL_SECRET: 'a secret of at least thirty-two bytes',
      SPOOL_ADMIN_KEY: 'the-admin-key-of-the-tests',
      SPOOL_PUBLIC_URL: 'https://spool.example.com/base/',
      SPOOL_STORAGE_DIR: folder,
    }),
  )
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const signed = (key: string) => storage.store.signGet(key, { expiresInSeconds: 60 })

test('a URL that we have signed leads to its key without a request', async () => {
  const url = await signed('media/song.mp3')
  expect(url).toMatch(/^https:\/\/spool\.example\.com\/base\/files\/media\/song\.mp3\?/)
  expect(await storage.ownStorageKey(url)).toBe('media/song.mp3')
})

test('what somebody else has made of such a URL is a stranger’s, and never an error', async () => {
  const url = await signed('media/song.mp3')
  for (const other of [
    url.replace('song.mp3', 'other.mp3'),
    url.replace('song.mp3', '%'),
    url.replace('song.mp3', '%E0%A4%A'),
    url.replace('media/', '../'),
    url.replace('/base/files/', '/files/'),
    url.replace(/signature=[^&]+/, 'signature='),
    'https://spool.example.com/base/files/',
    'not a url',
  ]) {
    expect(await storage.ownStorageKey(other), other).toBeNull()
  }
})
