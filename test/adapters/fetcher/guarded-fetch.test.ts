import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { createGuardedFetcher } from '../../../src/adapters/fetcher/guarded-fetch.ts'
import type {
  GuardedFetcher,
  GuardedFetcherOptions,
} from '../../../src/adapters/fetcher/guarded-fetch.ts'

let folder: string
let server: Server
let port: number
let answer: RequestListener
let connections: number
let seen: IncomingMessage[]
const sockets = new Set<Socket>()
const fetchers: GuardedFetcher[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-fetch-'))
  connections = 0
  seen = []
  server = createServer((request, response) => {
    seen.push(request)
    answer(request, response)
  })
  server.on('connection', (socket) => {
    connections += 1
    sockets.add(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
})
afterEach(async () => {
  await Promise.all(fetchers.splice(0).map((fetcher) => fetcher.close()))
  for (const socket of sockets) socket.destroy()
  server.close()
  await rm(folder, { recursive: true, force: true })
})

const fetcherWith = (options: Partial<GuardedFetcherOptions> = {}): GuardedFetcher => {
  const fetcher = createGuardedFetcher({ allowPrivateHosts: [`127.0.0.1:${port}`], ...options })
  fetchers.push(fetcher)
  return fetcher
}

const download = (
  url: string,
  {
    maxBytes = 1_000_000,
    signal,
    ...options
  }: Partial<GuardedFetcherOptions> & {
    maxBytes?: number
    signal?: AbortSignal
  } = {},
) =>
  fetcherWith(options).download(url, {
    filePath: join(folder, 'file'),
    maxBytes,
    ...(signal ? { signal } : {}),
  })

const local = (path = '/') => `http://127.0.0.1:${port}${path}`
const refused = (code: string) => ({ code })
const nothingIsLeft = async () => expect(await readdir(folder)).toEqual([])

describe('a guarded download', () => {
  it('brings the file and says what it is', async () => {
    answer = (_request, response) => {
      response.setHeader('content-type', 'audio/mpeg')
      response.end('la la la')
    }
    const progress: [number, number | null][] = []
    const fetched = await fetcherWith().download(local(), {
      filePath: join(folder, 'file'),
      maxBytes: 8,
      onProgress: (received, expected) => progress.push([received, expected]),
    })
    expect(fetched).toEqual({ sizeBytes: 8, contentType: 'audio/mpeg' })
    expect(await readFile(join(folder, 'file'), 'utf8')).toBe('la la la')
    expect(progress.at(-1)).toEqual([8, 8])
    expect(seen[0]?.headers['accept-encoding']).toBe('identity')
  })

  it('does not touch a file that is there already', async () => {
    answer = (_request, response) => response.end('new')
    await writeFile(join(folder, 'file'), 'precious')
    await expect(download(local())).rejects.toMatchObject(refused('INTERNAL'))
    expect(await readFile(join(folder, 'file'), 'utf8')).toBe('precious')
  })

  it.each([
    ['loopback', (at: number) => `http://127.0.0.1:${at}/`],
    ['a short form', (at: number) => `http://127.1:${at}/`],
    ['a decimal number', (at: number) => `http://2130706433:${at}/`],
    ['hexadecimal', (at: number) => `http://0x7f.0.0.1:${at}/`],
    ['octal', (at: number) => `http://0177.0.0.1:${at}/`],
    ['wide digits', (at: number) => `http://１２７.０.０.１:${at}/`],
    ['all zeros', (at: number) => `http://0.0.0.0:${at}/`],
    ['IPv6 loopback', (at: number) => `http://[::1]:${at}/`],
    ['IPv4 mapped into IPv6', (at: number) => `http://[::ffff:127.0.0.1]:${at}/`],
    ['NAT64', (at: number) => `http://[64:ff9b::7f00:1]:${at}/`],
    ['6to4', (at: number) => `http://[2002:7f00:1::]:${at}/`],
    ['localhost', (at: number) => `http://localhost:${at}/`],
    ['localhost with a dot', (at: number) => `http://localhost.:${at}/`],
    ['LOCALHOST', (at: number) => `http://LOCALHOST:${at}/`],
    ['a private network', () => 'http://10.0.0.1/'],
    ['another one', () => 'http://192.168.1.1/'],
    ['carrier-grade NAT', () => 'http://100.64.0.1/'],
    ['link-local', () => 'http://169.254.169.254/latest/meta-data/'],
    ['IPv6 metadata', () => 'http://[fd00:ec2::254]/'],
    ['multicast', () => 'http://224.0.0.1/'],
    ['a user name', () => 'http://user:word@example.com/'],
    ['a file', () => 'file:///etc/passwd'],
    ['FTP', () => 'ftp://example.com/a'],
    ['gopher', () => 'gopher://example.com/'],
    ['data', () => 'data:text/plain,hello'],
    ['nonsense', () => 'not a url'],
  ])('makes no connection for %s', async (_what, urlAt) => {
    answer = (_request, response) => response.end('secret')
    const run = download(urlAt(port), { allowPrivateHosts: [] })
    await expect(run).rejects.toMatchObject(refused('SOURCE_FORBIDDEN'))
    expect(connections).toBe(0)
    await nothingIsLeft()
  })

  it('makes no connection for a name of which any address is private', async () => {
    const run = download(`http://two-faced.example:${port}/`, {
      allowPrivateHosts: [],
      resolve: async () => [
        { address: '93.184.215.14', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ],
    })
    await expect(run).rejects.toMatchObject(refused('SOURCE_FORBIDDEN'))
    expect(connections).toBe(0)
  })

  it('connects to the address that was checked: nobody is asked a second time', async () => {
    answer = (_request, response) => response.end('x')
    let questions = 0
    const rebinding = async () => {
      questions += 1
      // Private from the second answer on, as a rebinding server does it.
      return [{ address: questions === 1 ? '127.0.0.1' : '127.0.0.2', family: 4 }]
    }
    await download(`http://pinned.example:${port}/`, {
      allowPrivateHosts: [`pinned.example:${port}`],
      resolve: rebinding,
    })
    expect(questions).toBe(1)
    expect(seen[0]?.headers.host).toBe(`pinned.example:${port}`)
  })

  it('allows a private host only by its exact name and port', async () => {
    answer = (_request, response) => response.end('x')
    const allowPrivateHosts = ['127.0.0.1:1', `localhost:${port}`]
    await expect(download(local(), { allowPrivateHosts })).rejects.toMatchObject(
      refused('SOURCE_FORBIDDEN'),
    )
    expect(connections).toBe(0)
    await download(`http://localhost:${port}/`, { allowPrivateHosts })
    expect(connections).toBe(1)
  })

  it('follows redirects, and checks each of them', async () => {
    answer = (request, response) => {
      const to = { '/': '/second', '/second': 'third' }[request.url ?? '']
      if (to) response.writeHead(302, { location: to }).end()
      else response.end('found')
    }
    expect(await download(local())).toMatchObject({ sizeBytes: 5 })
    expect(seen.map(({ url }) => url)).toEqual(['/', '/second', '/third'])
  })

  it.each([
    'http://127.0.0.2:PORT/',
    'http://[::ffff:127.0.0.1]:PORT/',
    'http://localhost:PORT/',
    '//169.254.169.254/latest',
    'file:///etc/passwd',
  ])('does not follow a redirect to %s', async (location) => {
    answer = (_request, response) => {
      response.writeHead(302, { location: location.replace('PORT', String(port)) }).end()
    }
    await expect(download(local())).rejects.toMatchObject(refused('SOURCE_FORBIDDEN'))
    expect(connections).toBe(1)
  })

  it('gives up on redirects without end', async () => {
    answer = (_request, response) => void response.writeHead(302, { location: '/again' }).end()
    await expect(download(local())).rejects.toMatchObject(refused('SOURCE_NOT_FOUND'))
    expect(seen).toHaveLength(4)
  })

  it.each([
    [404, 'SOURCE_NOT_FOUND', undefined],
    [403, 'SOURCE_NOT_FOUND', undefined],
    [204, 'SOURCE_NOT_FOUND', undefined],
    [429, 'SOURCE_UNAVAILABLE', 7_000],
    [503, 'SOURCE_UNAVAILABLE', 7_000],
  ])('calls the status %i %s', async (status, code, retryAfterMs) => {
    answer = (_request, response) => void response.writeHead(status, { 'retry-after': '7' }).end()
    await expect(download(local())).rejects.toMatchObject({ code, retryAfterMs })
    await nothingIsLeft()
  })

  it('refuses too much, announced or not', async () => {
    answer = (request, response) => {
      if (request.url === '/announced') response.setHeader('content-length', 1_001)
      response.end(Buffer.alloc(1_001))
    }
    for (const path of ['/announced', '/chunked']) {
      const run = download(local(path), { maxBytes: 1_000 })
      await expect(run).rejects.toMatchObject(refused('MEDIA_TOO_LARGE'))
    }
    await nothingIsLeft()
  })

  it('stops reading an endless body at the limit', async () => {
    let sentBytes = 0
    answer = (_request, response) => {
      const more = () => {
        sentBytes += 65_536
        if (!response.destroyed && response.write(Buffer.alloc(65_536))) setImmediate(more)
      }
      response.on('drain', more)
      more()
    }
    const run = download(local(), { maxBytes: 1_000_000 })
    await expect(run).rejects.toMatchObject(refused('MEDIA_TOO_LARGE'))
    expect(sentBytes).toBeLessThan(50_000_000)
    await nothingIsLeft()
  })

  it('is not taken in by a body shorter than announced', async () => {
    answer = (_request, response) => {
      response.writeHead(200, { 'content-length': 1_000 })
      response.write('half', () => response.destroy())
    }
    await expect(download(local())).rejects.toMatchObject(refused('SOURCE_UNAVAILABLE'))
    await nothingIsLeft()
  })

  it('does not unpack', async () => {
    answer = (_request, response) => {
      response.setHeader('content-encoding', 'gzip')
      response.end(gzipSync(Buffer.alloc(1_000_000)))
    }
    await expect(download(local())).rejects.toMatchObject(refused('MEDIA_UNSUPPORTED'))
    await nothingIsLeft()
  })

  it.each([
    ['never answers', { headersTimeoutMs: 100 }, () => undefined],
    [
      'falls silent',
      { bodyTimeoutMs: 200 },
      (response: ServerResponse) => response.write('x'.repeat(5_000)),
    ],
    [
      'only drips',
      { bodyTimeoutMs: 200 },
      (response: ServerResponse) => {
        const drip = setInterval(() => response.write('x'), 20)
        response.on('close', () => clearInterval(drip))
      },
    ],
    [
      'takes its time',
      { totalTimeoutMs: 300 },
      (response: ServerResponse) => {
        const flow = setInterval(() => response.write('x'.repeat(100)), 20)
        response.on('close', () => clearInterval(flow))
      },
    ],
  ])('gives up on a source that %s', async (_what, options, behave) => {
    answer = (_request, response) => {
      behave(response)
    }
    await expect(download(local(), options)).rejects.toMatchObject(refused('SOURCE_UNAVAILABLE'))
    await nothingIsLeft()
  })

  it('calls a closed port and an unknown name unavailable', async () => {
    const closed = createServer()
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve))
    const closedPort = (closed.address() as AddressInfo).port
    await new Promise((resolve) => closed.close(resolve))
    const allowPrivateHosts = ['127.0.0.1']
    const toClosed = download(`http://127.0.0.1:${closedPort}/`, { allowPrivateHosts })
    await expect(toClosed).rejects.toMatchObject(refused('SOURCE_UNAVAILABLE'))
    const toUnknown = download('http://unknown.example/', {
      resolve: () => Promise.reject(new Error('ENOTFOUND')),
    })
    await expect(toUnknown).rejects.toMatchObject(refused('SOURCE_UNAVAILABLE'))
  })

  it('ends with the reason of its cancel, and removes what it had', async () => {
    const controller = new AbortController()
    answer = (_request, response) => {
      response.write('x'.repeat(10_000), () => controller.abort(new Error('never mind')))
    }
    const run = download(local(), { signal: controller.signal })
    await expect(run).rejects.toThrow('never mind')
    await nothingIsLeft()
  })
})

describe('a guarded request', () => {
  const post = { method: 'POST', timeoutMs: 30_000, maxResponseBytes: 1_000 } as const

  it('sends the body and hands back whatever comes', async () => {
    answer = (request, response) => {
      request.setEncoding('utf8').once('data', (body: string) => {
        response.writeHead(418, { 'x-kind': 'teapot' }).end(`got ${body}`)
      })
    }
    const response = await fetcherWith().request(local('/hook'), {
      ...post,
      headers: { 'webhook-id': 'evt_1' },
      body: 'hello',
    })
    expect(response).toMatchObject({
      status: 418,
      headers: { 'x-kind': 'teapot' },
      bodyText: 'got hello',
      isTruncated: false,
    })
    expect(seen[0]?.headers['webhook-id']).toBe('evt_1')
  })

  it('hands a redirect back instead of following it', async () => {
    answer = (_request, response) => void response.writeHead(307, { location: '/other' }).end()
    const response = await fetcherWith().request(local(), post)
    expect(response).toMatchObject({ status: 307, headers: { location: '/other' } })
    expect(seen).toHaveLength(1)
  })

  it('reads no more than it was told to', async () => {
    answer = (_request, response) => response.end('x'.repeat(100_000))
    const response = await fetcherWith().request(local(), post)
    expect(response.bodyText).toHaveLength(1_000)
    expect(response.isTruncated).toBe(true)
  })

  it('makes no connection to a private address', async () => {
    const run = fetcherWith({ allowPrivateHosts: [] }).request(local(), post)
    await expect(run).rejects.toMatchObject(refused('SOURCE_FORBIDDEN'))
    expect(connections).toBe(0)
  })

  it('gives up at its time, also while the body drips', async () => {
    answer = (_request, response) => {
      const drip = setInterval(() => response.write('x'), 20)
      response.on('close', () => clearInterval(drip))
    }
    const run = fetcherWith().request(local(), { ...post, timeoutMs: 300 })
    await expect(run).rejects.toMatchObject(refused('SOURCE_UNAVAILABLE'))
  })
})
