import { mkdtempSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPlaybackToken } from '../../src/adapters/storage/playback-token.ts'
import type { MediaStreamAnswer } from '../../src/contracts/http/streams.ts'
import { eventually } from '../support/eventually.ts'
import { startS3Server, type S3Server } from '../support/s3-server.ts'
import { newCustomer, type Customer } from '../support/stack-customer.ts'
import { ledgerViolations } from '../support/stack-ledger.ts'
import { ffmpeg, framesPlayed, makeSong, probeFile } from '../support/stack-media.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'

const SECRET = 'a-secret-of-the-tests-that-is-long-enough'

/** As small as a film with sound can be and still have two segments. */
const FILM = { seconds: 5, frameRate: 25 }

let server: S3Server
let stack: TestStack
let folder: string
let customer: Customer
let songId: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spool-e2e-files-'))
  server = await startS3Server()
  stack = await startTestStack({ ...server.settings, SPOOL_SECRET: SECRET, SPOOL_SPEECH: 'none' })
  // Two machines, as far as files go: they share nothing but the bucket.
  await stack.addWorker({
    WORKER_QUEUES: 'pipelines,media',
    SPOOL_WORK_DIR: join(folder, 'machine-1'),
  })
  await stack.addWorker({
    WORKER_QUEUES: 'render,inference',
    SPOOL_WORK_DIR: join(folder, 'machine-2'),
  })
  customer = await newCustomer(stack, { credits: 100, plan: 'studio' })
  const uploaded = await customer.upload(await makeSong(join(folder, 'song.wav'), 5))
  expect(uploaded.status).toBe(201)
  songId = uploaded.body.id
})

afterAll(async () => {
  await stack?.stop()
  await server?.close()
  if (folder) rmSync(folder, { recursive: true, force: true })
})

const render = async () => {
  const video = await customer.makeVideo({
    audioMediaId: songId,
    region: { startSeconds: 1, endSeconds: 2.5 },
    format: '16:9',
  })
  const { executionId } = await customer.order(video.id)
  return { videoId: video.id, executionId }
}

test('a render lies in the bucket, and its URLs lead there', async () => {
  const { videoId, executionId } = await render()
  const execution = await customer.untilOver(executionId)
  expect(execution).toMatchObject({ status: 'completed', credits: { captured: 2 } })
  const { body } = await customer.call<{ videoUrl: string; thumbnailUrl: string }>(
    'GET',
    `/v1/videos/${videoId}`,
  )
  expect(body.videoUrl.startsWith(`${server.endpoint}/${server.bucket}/`)).toBe(true)
  const response = await fetch(body.videoUrl)
  expect(response.headers.get('content-type')).toBe('video/mp4')
  const path = join(folder, 'video.mp4')
  await writeFile(path, Buffer.from(await response.arrayBuffer()))
  expect((await probeFile(path)).streams.map(({ codec_type }) => codec_type).toSorted()).toEqual([
    'audio',
    'video',
  ])
  expect((await fetch(body.thumbnailUrl)).headers.get('content-type')).toBe('image/jpeg')
  // The routes of the folder are not there.
  expect((await fetch(`${stack.apiUrl}/files/some/key`)).status).toBe(404)
})

/** Orders a stream of a generated film, and answers with where it plays. */
const makeStream = async (): Promise<{ hlsUrl: string; dashUrl: string }> => {
  const film = join(folder, 'film.mp4')
  const { seconds, frameRate } = FILM
  await ffmpeg(
    ...['-f', 'lavfi', '-i', `testsrc2=s=320x180:r=${frameRate}:d=${seconds}`],
    ...['-f', 'lavfi', '-i', `sine=f=330:d=${seconds}`],
    // Not H.264: it would be copied.
    ...['-c:v', 'mpeg4', '-q:v', '5', '-c:a', 'aac', film],
  )
  const mediaId = (await customer.upload(film)).body.id
  const ordered = await customer.call<{ executionId: string }>('POST', '/v1/streams', {
    body: { mediaId },
  })
  expect(ordered.status).toBe(202)
  const execution = await customer.untilOver(ordered.body.executionId)
  expect(execution).toMatchObject({ status: 'completed', error: null })
  const { body } = await customer.call<{ stream: MediaStreamAnswer }>('GET', `/v1/media/${mediaId}`)
  const { hlsUrl, dashUrl } = body.stream
  return { hlsUrl: hlsUrl!, dashUrl: dashUrl! }
}

test('a stream plays from the bucket, by URLs that open one folder for a while', async () => {
  const { hlsUrl, dashUrl } = await makeStream()
  const frames = FILM.seconds * FILM.frameRate
  expect(await framesPlayed(hlsUrl)).toBe(frames)
  expect(await framesPlayed(dashUrl)).toBe(frames)

  // Manifests come from the API, for their names are relative; segments from the bucket.
  const manifest = await fetch(hlsUrl, { redirect: 'manual' })
  expect(manifest.status).toBe(200)
  expect(manifest.headers.get('content-type')).toBe('application/vnd.apple.mpegurl')
  const segmentUrl = new URL('v-180/00001.m4s', hlsUrl).href
  const redirect = () => fetch(segmentUrl, { redirect: 'manual' })
  const [one, other] = [await redirect(), await redirect()]
  expect(one.status).toBe(302)
  expect(one.headers.get('location')).toContain(`${server.endpoint}/${server.bucket}/`)
  // Or no cache would ever have the segment.
  expect(other.headers.get('location')).toBe(one.headers.get('location'))

  const segment = await fetch(segmentUrl)
  expect(segment.headers.get('content-type')).toBe('video/iso.segment')
  expect(segment.headers.get('cache-control')).toContain('immutable')
  const bytes = Buffer.from(await segment.arrayBuffer())
  const part = await fetch(segmentUrl, { headers: { range: 'bytes=10-29' } })
  expect(part.status).toBe(206)
  expect(part.headers.get('content-range')).toBe(`bytes 10-29/${bytes.length}`)
  expect(Buffer.from(await part.arrayBuffer())).toEqual(bytes.subarray(10, 30))
  // A presigned URL is good for one method, so a HEAD is not sent there.
  const head = await fetch(segmentUrl, { method: 'HEAD', redirect: 'manual' })
  expect(head.status).toBe(200)
  expect(head.headers.get('content-length')).toBe(String(bytes.length))
  expect(head.headers.get('accept-ranges')).toBe('bytes')

  const token = new URL(hlsUrl).pathname.split('/')[2]!
  const [fields] = JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString()) as string[]
  const grant = { folderKey: fields!, secret: SECRET }
  const elsewhere = createPlaybackToken({ ...grant, secret: 'of another', expiresAtMs: 9e12 })
  const expired = createPlaybackToken({ ...grant, expiresAtMs: Date.now() - 1 })
  const still = createPlaybackToken({ ...grant, expiresAtMs: Date.now() + 60_000 })
  const statusWith = async (instead: string, url: string) =>
    (await fetch(url.replace(token, instead), { redirect: 'manual' })).status
  expect(await statusWith(still, segmentUrl)).toBe(302)
  for (const url of [hlsUrl, segmentUrl]) {
    expect(await statusWith(elsewhere, url)).toBe(403)
    expect(await statusWith(expired, url)).toBe(403)
  }
})

test('a bucket that is away for a while costs no render', async () => {
  const readiness = async () => {
    const response = await fetch(`${stack.apiUrl}/readyz`)
    const { checks } = (await response.json()) as { checks: { storage: string } }
    return checks.storage
  }
  const { executionId } = await render()
  await server.service.kill()
  await eventually(async () => expect(await readiness()).toBe('unavailable'))
  await server.service.start()
  await eventually(async () => expect(await readiness()).toBe('ok'))
  expect(await customer.untilOver(executionId)).toMatchObject({ status: 'completed' })
  expect(await ledgerViolations(stack)).toEqual([])
})
