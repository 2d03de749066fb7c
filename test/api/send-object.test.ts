import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import fastify from 'fastify'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { openFolderStore } from '../../src/adapters/storage/folder-store.ts'
import { createUrlSigner } from '../../src/adapters/storage/signed-url.ts'
import { sendObject } from '../../src/api/send-object.ts'

const folder = await mkdtemp(join(tmpdir(), 'spool-send-object-'))
const urlSigner = createUrlSigner({ publicUrl: 'http://spool.test', secret: 's'.repeat(32) })
const store = await openFolderStore({ rootPath: folder, urlSigner })
const put = (text: string) =>
  store.put('list.m3u8', Readable.from([text]), { contentType: 'text/plain' })

/** What replaces the object each time that somebody has looked at it. */
let replacements: string[] = []
const replaced = {
  ...store,
  head: async (key: string) => {
    const seen = await store.head(key)
    const next = replacements.shift()
    if (next !== undefined) await put(next)
    return seen
  },
}
const app = fastify()
app.get('/', (request, reply) =>
  sendObject(request, reply, { files: replaced, key: 'list.m3u8', headers: {} }),
)
afterAll(async () => {
  await app.close()
  await rm(folder, { recursive: true })
})
beforeEach(async () => {
  await put('one rung')
})

test.each([
  ['longer', 'one rung, and another'],
  ['shorter', 'none'],
])(
  'an object that is replaced by a %s one while it is sent is sent as it is then',
  async (_, now) => {
    replacements = [now]
    const whole = await app.inject('/')
    expect([whole.statusCode, whole.headers['content-length'], whole.body]).toEqual([
      200,
      String(now.length),
      now,
    ])
  },
)

test('of which a part was asked for, the part is that of the new one', async () => {
  replacements = ['a list that has grown']
  const part = await app.inject({ url: '/', headers: { range: 'bytes=2-5' } })
  expect([part.statusCode, part.headers['content-range'], part.body]).toEqual([
    206,
    'bytes 2-5/21',
    'list',
  ])
})

test('that is replaced without an end is not there now', async () => {
  replacements = Array.from({ length: 9 }, (_, index) => 'x'.repeat(index + 20))
  const { body } = await app.inject('/')
  expect(body).toContain('STORAGE_UNAVAILABLE')
})
