import { mkdtempSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startFakeHttpService, type FakeHttpService } from '../support/fake-http-service.ts'
import { halfOf, makeThousandStreams, scriptsInDisguise } from '../support/media-corpus.ts'
import { newCustomer, type Customer } from '../support/stack-customer.ts'
import { accountsOf, ledgerViolations } from '../support/stack-ledger.ts'
import { ffmpeg, makeSong } from '../support/stack-media.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'

let stack: TestStack
let folder: string
let customer: Customer
let songId: string
/** A server on loopback that nobody may be led to. */
let forbidden: FakeHttpService
/** A server that may be reached, and leads there. */
let redirecting: FakeHttpService

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spool-e2e-files-'))
  forbidden = await startFakeHttpService(() => ({ body: 'secret' }))
  redirecting = await startFakeHttpService(() => ({
    status: 302,
    headers: { location: `http://127.0.0.1:${forbidden.port}/song.mp3` },
  }))
  stack = await startTestStack({
    SPOOL_ALLOW_PRIVATE_SOURCES: `127.0.0.1:${redirecting.port}`,
  })
  await stack.addWorker()
  customer = await newCustomer(stack, { credits: 20 })
  songId = (await customer.upload(await makeSong(join(folder, 'song.wav'), 30))).body.id
})

afterAll(async () => {
  await stack?.stop()
  await Promise.all([forbidden, redirecting].map((service) => service?.close()))
  if (folder) rmSync(folder, { recursive: true, force: true })
})

const newVideo = (endSeconds: number) =>
  customer.makeVideo({
    audioMediaId: songId,
    region: { startSeconds: 0, endSeconds },
    format: '1:1',
  })

const credits = async (): Promise<{ available: number; held: number }> => {
  const { body } = await customer.call<{ credits: { available: number; held: number } }>(
    'GET',
    '/v1/account',
  )
  return body.credits
}

const executionsOf = async (videoId: string): Promise<readonly { id: string }[]> => {
  const path = `/v1/executions?videoId=${videoId}`
  return (await customer.call<{ executions: { id: string }[] }>('GET', path)).body.executions
}

test('an order that the account cannot pay is a 402 with nothing started and nothing held', async () => {
  const { id } = await newVideo(21)
  const refused = await customer.call('POST', `/v1/videos/${id}/renders`)
  expect(refused.status).toBe(402)
  expect(refused.body).toMatchObject({ code: 'INSUFFICIENT_CREDITS' })
  expect(await credits()).toEqual({ available: 20, held: 0 })
  expect(await executionsOf(id)).toEqual([])
  expect(await customer.video(id)).toMatchObject({ status: 'draft', executionId: null })
})

test('an order is one order however often it is sent under its key, also at the same time', async () => {
  const [{ id }, other] = [await newVideo(1), await newVideo(1)]
  const send = (videoId: string) =>
    customer.call<{ executionId: string }>('POST', `/v1/videos/${videoId}/renders`, {
      headers: { 'idempotency-key': 'one-order' },
    })
  const together = await Promise.all(Array.from({ length: 5 }, () => send(id)))
  // While the first is still being handled, the others may be told to come back.
  for (const { status } of together) expect([202, 409]).toContain(status)
  expect(together.filter(({ status }) => status === 202).length).toBeGreaterThan(0)
  const again = await send(id)
  expect(again.status).toBe(202)
  const ids = [...together, again]
    .filter(({ status }) => status === 202)
    .map(({ body }) => body.executionId)
  expect(new Set(ids)).toEqual(new Set([again.body.executionId]))
  expect(await executionsOf(id)).toHaveLength(1)

  const elsewhere = await send(other.id)
  expect(elsewhere.status).toBe(409)
  expect(elsewhere.body).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' })

  const over = await customer.untilOver(again.body.executionId)
  expect(over).toMatchObject({ status: 'completed', credits: { held: 1, captured: 1 } })
  // Sent once more after its end, it is still the same order and does not begin anew.
  expect((await send(id)).body.executionId).toBe(again.body.executionId)
  expect(await accountsOf(stack, over.id)).toMatchObject({ captures: 1, tasks: [{ round: 1 }] })
})

test('what cannot be made is refused field by field, and nothing is held', async () => {
  const base = { audioMediaId: songId, format: '1:1' }
  const faults = [
    [{ region: { startSeconds: 0, endSeconds: 31 } }, 'region.endSeconds'],
    [{ region: { startSeconds: 5, endSeconds: 5 } }, 'region.startSeconds'],
    [{ region: { startSeconds: 9, endSeconds: 2 } }, 'region.startSeconds'],
    [{ region: { startSeconds: 0, endSeconds: 2 }, template: 'nothing' }, 'template'],
    [{ region: { startSeconds: 0, endSeconds: 2 }, format: '3:2' }, 'format'],
    [{ region: { startSeconds: 0, endSeconds: 2 }, hdr: true }, 'hdr'],
  ] as const
  for (const [fault, path] of faults) {
    const { status, body } = await customer.call('POST', '/v1/videos', {
      body: { ...base, ...fault },
    })
    expect({ path, status }).toEqual({ path, status: 422 })
    const errors = body['errors'] as { path: string; fix: string }[]
    expect(errors.map((error) => error.path)).toContain(path)
    for (const { fix } of errors) expect(fix).not.toBe('')
  }
  expect((await credits()).held).toBe(0)
})

describe('an upload that is', () => {
  const file = (name: string) => join(folder, name)
  const written = async (name: string, content: string | Buffer) => {
    await writeFile(file(name), content)
    return file(name)
  }
  const lure = () => ({ canaryPath: '/etc/hostname', port: forbidden.port })
  const disguised = (name: string) => async () =>
    await written('disguised.mp3', scriptsInDisguise(lure())[name] ?? '')

  const REFUSED: [string, () => Promise<string>][] = [
    ['not media', () => written('text.mp3', 'a letter, not a song\n'.repeat(500))],
    [
      'cut off',
      async () => {
        await ffmpeg('-i', file('song.wav'), '-c:a', 'aac', file('whole.m4a'))
        return await halfOf(file('whole.m4a'))
      },
    ],
    ['a playlist', disguised('an HLS playlist to an address')],
    ['a concat script', disguised('a concat script of any file')],
    ['a manifest', disguised('a DASH manifest')],
    ['a file of a thousand streams', () => makeThousandStreams(folder)],
    [
      'ten hours of silence',
      async () => {
        const silence = 'anullsrc=sample_rate=8000:channel_layout=mono:duration=36000'
        await ffmpeg('-f', 'lavfi', '-i', silence, '-c:a', 'flac', file('silence.flac'))
        return file('silence.flac')
      },
    ],
  ]

  test.each(REFUSED)('%s is refused, and the API lives on', async (_name, make) => {
    const { status, body } = await customer.upload(await make())
    expect({ status, body }).toMatchObject({ status: 422 })
    const { status: alive } = await customer.call('GET', '/readyz')
    expect(alive).toBe(200)
  })

  test('a silent film is taken, and refused as a song', async () => {
    await ffmpeg('-f', 'lavfi', '-i', 'testsrc2=size=64x64:duration=2', '-an', file('mute.mp4'))
    const { status, body: film } = await customer.upload(file('mute.mp4'))
    expect(status).toBe(201)
    const region = { startSeconds: 0, endSeconds: 1 }
    const refused = await customer.call('POST', '/v1/videos', {
      body: { audioMediaId: film.id, region, format: '1:1', settings: {} },
    })
    expect(refused).toMatchObject({
      status: 422,
      body: { code: 'MEDIA_NO_AUDIO', errors: [{ path: 'audioMediaId' }] },
    })
  })
})

describe('a source', () => {
  let listener: Server
  let connections = 0

  beforeAll(async () => {
    // On every address of this machine, so that no spelling of it leads past.
    listener = createServer((socket) => {
      connections += 1
      socket.destroy()
    })
    await new Promise<void>((resolve) => listener.listen(0, '::', resolve))
  })
  afterAll(() => new Promise((resolve) => listener.close(resolve)))

  const HOSTS = [
    ...['127.0.0.1', 'localhost', '127.1', '2130706433', '0x7f.0.0.1', '0177.0.0.1', '0.0.0.0'],
    ...['[::1]', '[::]', '[::ffff:127.0.0.1]', '[64:ff9b::7f00:1]', '127.0.0.1.', '①②⑦.0.0.1'],
    ...['169.254.169.254', '10.0.0.1', '192.168.0.1', '[fe80::1]', '[fd00::1]', '100.64.0.1'],
  ]

  test.each(HOSTS)('on %s is refused without a connection', async (host) => {
    const { port } = listener.address() as { port: number }
    const { status, body } = await customer.call('POST', '/v1/media', {
      body: { url: `http://${host}:${port}/song.mp3` },
    })
    expect({ status, code: body['code'] }).toEqual({ status: 422, code: 'SOURCE_FORBIDDEN' })
    expect(connections).toBe(0)
  })

  test('that redirects to a private address is refused without a connection there', async () => {
    const { status, body } = await customer.call('POST', '/v1/media', {
      body: { url: `${redirecting.baseUrl}/song.mp3` },
    })
    expect({ status, code: body['code'] }).toEqual({ status: 422, code: 'SOURCE_FORBIDDEN' })
    expect(redirecting.requests).toHaveLength(1)
    expect(forbidden.requests).toEqual([])
  })

  test('with another scheme is refused', async () => {
    for (const url of [
      'file:///etc/passwd',
      'ftp://example.com/song.mp3',
      'gopher://example.com',
    ]) {
      const { status } = await customer.call('POST', '/v1/media', { body: { url } })
      expect({ url, status }).toEqual({ url, status: 422 })
    }
  })
})

test('after all of it nothing is held and the ledger is sound', async () => {
  expect(await credits()).toEqual({ available: 19, held: 0 })
  expect(forbidden.requests).toEqual([])
  expect(await ledgerViolations(stack)).toEqual([])
})
