/** What comes in as a file: accepted whole, or refused before it is kept; and what goes out by URL. */

import {
  Agent,
  createServer,
  request,
  type ClientRequest,
  type OutgoingHttpHeaders,
  type RequestOptions,
} from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { createReadStream } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { halfOf, makeTone } from '../support/media-corpus.ts'
import { startApi, type Customer } from './support/api-under-test.ts'
import { testTemporal } from './support/temporal-namespace.ts'

const corpus = await mkdtemp(join(tmpdir(), 'spool-api-media-'))
const served = createServer((asked, response) => {
  if (asked.url === '/moved') {
    response.writeHead(302, { location: 'http://127.0.0.2/secret' }).end()
    return
  }
  createReadStream(join(corpus, asked.url ?? ''))
    .on('error', () => response.writeHead(404).end())
    .pipe(response)
})
await new Promise<void>((resolve) => served.listen(0, '127.0.0.1', resolve))
const host = `127.0.0.1:${(served.address() as AddressInfo).port}`
afterAll(async () => {
  await new Promise((resolve) => served.close(resolve))
  await rm(corpus, { recursive: true, force: true })
})

const connection = await testDatabase()
const temporal = await testTemporal()
const api = await startApi({ connection, temporal: temporal.client, allowPrivateHosts: [host] })
const address = await api.app.listen({ host: '127.0.0.1', port: 0 })

let customer: Customer
let songPath: string
beforeAll(async () => {
  customer = await api.customer({ plan: 'free' })
  songPath = await makeTone(corpus, 'song.mp3', { durationSeconds: 3 })
})

interface MediaAnswer {
  readonly id: string
  readonly url: string
  readonly code: string
  readonly durationSeconds: number
  readonly errors: readonly { readonly path: string }[]
}

const upload = async (
  bytes: Uint8Array,
  { field = 'file', name = 'song.mp3', key = '' } = {},
): Promise<{ status: number; body: MediaAnswer }> => {
  const form = new FormData()
  form.set(field, new Blob([new Uint8Array(bytes)]), name)
  const response = await fetch(`${address}/v1/media`, {
    method: 'POST',
    body: form,
    headers: {
      authorization: `Bearer ${customer.key}`,
      ...(key === '' ? {} : { 'idempotency-key': key }),
    },
  })
  return { status: response.status, body: (await response.json()) as MediaAnswer }
}

const importFrom = (url: string) =>
  api.call(customer, { method: 'POST', url: '/v1/media', payload: { url } })

const waiting = () => readdir(join(api.folder, 'incoming')).catch(() => [])

describe('an upload', () => {
  test('is probed, stored whole and readable under its URL', async () => {
    const bytes = await readFile(songPath)
    const { status, body } = await upload(bytes, { name: 'Mein Lied.mp3' })
    expect(status).toBe(201)
    expect(body).toMatchObject({
      kind: 'audio',
      fileName: 'Mein Lied.mp3',
      contentType: 'audio/mpeg',
      sizeBytes: bytes.length,
      streams: [{ kind: 'audio', codec: 'mp3', channels: 1 }],
    })
    expect(body.durationSeconds).toBeCloseTo(3, 0)
    const { pathname, search } = new URL(body.url)
    const read = await fetch(`${address}${pathname}${search}`)
    expect(Buffer.from(await read.arrayBuffer()).equals(bytes)).toBe(true)
    const again = await api.call(customer, { method: 'GET', url: `/v1/media/${body.id}` })
    expect(again.json()).toMatchObject({ id: body.id, sizeBytes: bytes.length })
    expect(await waiting()).toEqual([])
  })

  test.each<[string, string, () => Promise<Uint8Array>]>([
    ['a text', 'MEDIA_UNREADABLE', async () => Buffer.from('this is no music '.repeat(500))],
    [
      'a playlist in disguise',
      'MEDIA_UN',
      async () => Buffer.from(`#EXTM3U\n#EXTINF:1,\nhttp://${host}/song.mp3\n`),
    ],
    [
      'a script in disguise',
      'MEDIA_UN',
      async () => Buffer.from(`ffconcat version 1.0\nfile source\n`),
    ],
    ['an empty file', 'MEDIA_UNREADABLE', async () => new Uint8Array()],
    [
      'half a file',
      'MEDIA_UNREADABLE',
      async () => {
        const whole = await makeTone(corpus, 'cut.m4a', {
          durationSeconds: 3,
          encode: ['-movflags', '+faststart'],
        })
        return await readFile(await halfOf(whole))
      },
    ],
    [
      'more seconds than the plan allows',
      'MEDIA_TOO_LARGE',
      async () => {
        const encode = ['-c:a', 'flac', '-ar', '8000']
        return await readFile(
          await makeTone(corpus, 'long.flac', { durationSeconds: 1000, encode }),
        )
      },
    ],
  ])('of %s is refused, and nothing is kept', async (_name, code, make) => {
    const before = (await api.repositories.media.list(customer.id, { limit: 100 })).items.length
    const { status, body } = await upload(await make())
    expect(status).toBe(422)
    expect(body.code).toContain(code)
    expect(body.errors[0]).toMatchObject({
      path: 'file',
      message: expect.any(String),
      fix: expect.any(String),
    })
    expect((await api.repositories.media.list(customer.id, { limit: 100 })).items).toHaveLength(
      before,
    )
    expect(await waiting()).toEqual([])
  })

  test('of more bytes than the plan allows is cut off, and its connection serves on', async () => {
    const megabyte = 1024 * 1024
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const answer = (
      options: Pick<RequestOptions, 'method' | 'path'> & { headers?: OutgoingHttpHeaders },
      write: (sent: ClientRequest) => void,
    ) =>
      new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
        const headers = { authorization: `Bearer ${customer.key}`, ...options.headers }
        const sent = request(`${address}${options.path}`, { ...options, agent, headers })
        sent.on('error', reject)
        sent.on('response', (response) => {
          let text = ''
          response.on('data', (chunk: Buffer) => (text += chunk.toString()))
          response.on('end', () => resolve({ status: response.statusCode, text }))
        })
        write(sent)
      })
    const head = '--b\r\ncontent-disposition: form-data; name="file"; filename="a.mp3"\r\n\r\n'
    const refused = await answer(
      {
        method: 'POST',
        path: '/v1/media',
        headers: {
          'content-type': 'multipart/form-data; boundary=b',
          'content-length': 110 * megabyte,
        },
      },
      (sent) => {
        sent.write(head)
        for (let count = 0; count < 109; count += 1) sent.write(Buffer.alloc(megabyte))
        sent.end(Buffer.alloc(megabyte - head.length))
      },
    )
    expect(refused.status).toBe(422)
    expect(JSON.parse(refused.text)).toMatchObject({
      code: 'MEDIA_TOO_LARGE',
      errors: [{ path: 'file' }],
    })
    const next = await answer({ method: 'GET', path: '/v1/account' }, (sent) => sent.end())
    expect(next.status).toBe(200)
    agent.destroy()
    expect(await waiting()).toEqual([])
  })

  test('under another field, or without a file, is told which field it is', async () => {
    const { status, body } = await upload(await readFile(songPath), { field: 'song' })
    expect(status).toBe(422)
    expect(body.errors[0]?.path).toBe('file')
  })

  test('sent twice with one key is one medium; another file with that key is refused', async () => {
    const bytes = await readFile(songPath)
    const first = await upload(bytes, { key: 'upload' })
    const second = await upload(bytes, { key: 'upload' })
    expect(second).toEqual(first)
    const other = await makeTone(corpus, 'other.mp3', { durationSeconds: 1 })
    const third = await upload(await readFile(other), { key: 'upload' })
    expect(third.status).toBe(409)
    expect(third.body.code).toBe('IDEMPOTENCY_CONFLICT')
  })

  test('that breaks off leaves nothing', async () => {
    const socket = connect(Number(new URL(address).port), '127.0.0.1')
    socket.write(
      `POST /v1/media HTTP/1.1\r\nhost: spool.test\r\nauthorization: Bearer ${customer.key}\r\n` +
        'content-type: multipart/form-data; boundary=b\r\ncontent-length: 1000000\r\n\r\n' +
        '--b\r\ncontent-disposition: form-data; name="file"; filename="a.mp3"\r\n\r\n',
    )
    socket.write(Buffer.alloc(200_000))
    await eventually(async () => expect(await waiting()).toHaveLength(1))
    socket.destroy()
    await eventually(async () => expect(await waiting()).toEqual([]))
  })
})

describe('an import', () => {
  test('brings a file from an address that may be fetched', async () => {
    const response = await importFrom(`http://${host}/song.mp3`)
    expect(response.statusCode).toBe(201)
    expect(response.json()).toMatchObject({ kind: 'audio', fileName: 'song.mp3' })
  })

  test.each([
    ['loopback', 'http://127.0.0.1:1/'],
    ['loopback by name', 'http://localhost:1/'],
    ['loopback as a number', 'http://2130706433/'],
    ['IPv6 loopback', 'http://[::1]/'],
    ['a link-local address', 'http://169.254.169.254/latest/meta-data'],
    ['a private network', 'http://10.0.0.1/'],
  ])('from %s is refused', async (_name, url) => {
    const response = await importFrom(url)
    expect(response.statusCode).toBe(422)
    expect(response.json().code).toBe('SOURCE_FORBIDDEN')
  })

  test('that is redirected to a private address is refused', async () => {
    const response = await importFrom(`http://${host}/moved`)
    expect(response.statusCode).toBe(422)
    expect(response.json().code).toBe('SOURCE_FORBIDDEN')
  })

  test.each([
    ['no address', {}, 'url'],
    ['another scheme', { url: 'file:///etc/passwd' }, 'url'],
    ['a field that is not one', { url: 'https://example.com/a', as: 'b' }, 'as'],
  ])('with %s is refused at its path', async (_name, payload, path) => {
    const response = await api.call(customer, { method: 'POST', url: '/v1/media', payload })
    expect(response.statusCode).toBe(422)
    expect(response.json().errors[0].path).toBe(path)
  })

  test('of a web page says so, and names the URL as what to mend', async () => {
    await writeFile(join(corpus, 'page.html'), '<html>'.repeat(100))
    const response = await importFrom(`http://${host}/page.html`)
    expect(response.statusCode).toBe(422)
    expect(response.json().code).toBe('MEDIA_IS_PAGE')
    expect(response.json().errors[0].path).toBe('url')
  })
})

describe('a signed file', () => {
  const content = Buffer.from('0123456789')
  const { files } = api.dependencies
  const sign = async (options: { expiresInSeconds?: number; downloadName?: string } = {}) => {
    const { pathname, search } = new URL(
      await files.signGet('some/file', { expiresInSeconds: 60, ...options }),
    )
    return `${pathname}${search}`
  }
  beforeAll(async () => {
    await writeFile(join(corpus, 'ten'), content)
    await files.put('some/file', createReadStream(join(corpus, 'ten')), {
      contentType: 'video/mp4',
    })
  })
  const read = (url: string, headers: Record<string, string> = {}) =>
    api.call(null, { method: 'GET', url, headers })

  test('is read whole, with what players and browsers need', async () => {
    const response = await read(await sign())
    expect(response.statusCode).toBe(200)
    expect(response.rawPayload.equals(content)).toBe(true)
    expect(response.headers).toMatchObject({
      'content-type': 'video/mp4',
      'content-length': '10',
      'accept-ranges': 'bytes',
      'x-content-type-options': 'nosniff',
      'content-disposition': 'inline',
      'cross-origin-resource-policy': 'cross-origin',
    })
  })

  test.each([
    ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
    ['bytes=7-', 206, '789', 'bytes 7-9/10'],
    ['bytes=-2', 206, '89', 'bytes 8-9/10'],
    ['bytes=5-500', 206, '56789', 'bytes 5-9/10'],
    ['bytes=0-1,4-5', 200, '0123456789', undefined],
    ['nonsense', 200, '0123456789', undefined],
  ])('answers the range %s with %d', async (range, status, text, contentRange) => {
    const response = await read(await sign(), { range })
    expect(response.statusCode).toBe(status)
    expect(response.body).toBe(text)
    expect(response.headers['content-range']).toBe(contentRange)
    expect(response.headers['content-length']).toBe(String(text.length))
  })

  test('has no range behind its end', async () => {
    const response = await read(await sign(), { range: 'bytes=10-' })
    expect(response.statusCode).toBe(416)
    expect(response.headers['content-range']).toBe('bytes */10')
  })

  test('is not sent again to those who have it, and a range of another version is the whole', async () => {
    const url = await sign()
    const { etag } = (await read(url)).headers
    expect((await read(url, { 'if-none-match': String(etag) })).statusCode).toBe(304)
    const ranged = await read(url, { range: 'bytes=1-2', 'if-range': '"old"' })
    expect(ranged.statusCode).toBe(200)
    expect((await read(url, { range: 'bytes=1-2', 'if-range': String(etag) })).statusCode).toBe(206)
  })

  test('is described by HEAD without its bytes', async () => {
    const response = await api.call(null, { method: 'HEAD', url: await sign() })
    expect(response.statusCode).toBe(200)
    expect(response.headers['content-length']).toBe('10')
    expect(response.body).toBe('')
  })

  test('is saved under the name that was signed, in any script', async () => {
    const response = await read(await sign({ downloadName: 'Fête "é".mp4' }))
    expect(response.headers['content-disposition']).toBe(
      `attachment; filename="F_te ___.mp4"; filename*=UTF-8''F%C3%AAte%20%22%C3%A9%22.mp4`,
    )
  })

  test('is nobody’s without a signature, with a changed one, for another key or after its time', async () => {
    const url = await sign()
    const refused = [
      '/files/some/file',
      `${url.slice(0, -3)}abc`,
      url.replace('some/file', 'some/other'),
      url.replace(/expires=\d+/, 'expires=9999999999'),
      await sign({ downloadName: 'a' }).then((named) =>
        named.replace('downloadName=a', 'downloadName=b'),
      ),
    ]
    for (const forged of refused) {
      const response = await read(forged)
      expect(response.statusCode, forged).toBe(403)
      expect(response.json().code).toBe('FORBIDDEN')
    }
    const put = await api.call(null, {
      method: 'PUT',
      url,
      payload: 'x',
      headers: { 'content-type': 'video/mp4' },
    })
    expect(put.statusCode).toBe(403)
  })

  test('is written by a signed PUT, of the type and size that were signed', async () => {
    const signPut = async () => {
      const { signPut: signUpload } = files as unknown as {
        signPut: (k: string, o: object) => Promise<string>
      }
      const url = await signUpload('some/upload', {
        expiresInSeconds: 60,
        contentType: 'text/plain',
        maxBytes: 5,
      })
      const { pathname, search } = new URL(url)
      return `${pathname}${search}`
    }
    const put = async (payload: string, type = 'text/plain') =>
      api.call(null, {
        method: 'PUT',
        url: await signPut(),
        payload,
        headers: { 'content-type': type },
      })
    expect((await put('hello')).statusCode).toBe(201)
    expect((await files.head('some/upload'))?.sizeBytes).toBe(5)
    expect((await put('hello!')).statusCode).toBe(413)
    expect((await put('hell', 'text/html')).statusCode).toBe(403)
    expect((await files.head('some/upload'))?.sizeBytes).toBe(5)
  })
})
