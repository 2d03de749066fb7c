import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { toolchain } from '../../scripts/stack/toolchain.ts'
import { probe } from '../../src/adapters/ffmpeg/probe.ts'
import { eventually } from '../support/eventually.ts'
import { openLive } from '../api/support/live-client.ts'
import { makeMedia } from '../support/media-corpus.ts'
import { makeSpeech } from '../support/speech.ts'
import { newCustomer, type Customer } from '../support/stack-customer.ts'
import { ledgerViolations } from '../support/stack-ledger.ts'
import { workerPool, workspacesOf, type WorkerPool } from '../support/stack-workers.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'
import { makeTalkingHead } from '../support/talking-head.ts'
import { startVideoSite, VIDEO_SITE_PLUGINS } from '../support/video-site.ts'

const SENTENCES = [
  'Welcome to the show.',
  'Why do we make movies at all?',
  'Because a picture moves people more than words.',
  'Now let us look at how it is done.',
  'First we take a camera into the garden.',
]

let stack: TestStack
let workers: WorkerPool
let site: Awaited<ReturnType<typeof startVideoSite>>
let folder: string
let customer: Customer
let tenHoursPath: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spool-e2e-clips-'))
  const voicePath = await makeSpeech(join(folder, 'voice.wav'), SENTENCES, 0.8)
  const videoPath = await makeTalkingHead(join(folder, 'talk.mp4'), {
    voicePath,
    durationSeconds: 24,
    cutSeconds: 12,
  })
  tenHoursPath = await makeTenHours()
  site = await startVideoSite({
    videoPath,
    files: { '/ten-hours.mp4': tenHoursPath },
    pages: (url) => ({
      talk: { title: 'A talk', duration: 24, url: `${url}/video.mp4`, ext: 'mp4' },
    }),
  })
  stack = await startTestStack({
    SPOOL_PYTHON_PATH: toolchain().pythonPath ?? 'python3',
    SPOOL_VIDEO_SITE_PLUGINS: VIDEO_SITE_PLUGINS,
    SPOOL_ALLOW_PRIVATE_SOURCES: site.host,
  })
  workers = workerPool(stack)
  await workers.add()
  customer = await newCustomer(stack, { credits: 500 })
})
afterAll(async () => {
  await stack?.stop()
  await site?.close()
  rmSync(folder, { recursive: true, force: true })
})

const bytesOf = async (url: string): Promise<Buffer> =>
  Buffer.from(await (await fetch(url)).arrayBuffer())

/** What is written in one line when an order of clips ends. */
const encodesIn = (log: string): readonly Readonly<Record<string, unknown>>[] =>
  log
    .split('\n')
    .filter((line) => line.includes('"encode_complete"'))
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)

/** A picture every ten minutes: a file of some kilobytes that does last for ten hours. */
const makeTenHours = (): Promise<string> =>
  makeMedia(
    folder,
    ...['-f', 'lavfi', '-i', 'testsrc2=size=64x64:rate=1/600', '-t', '36000'],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', 'ten-hours.mp4'],
  )

test('a video of ten hours is refused as an upload, and nothing of it is kept', async () => {
  const { status, body } = await customer.upload(tenHoursPath)
  expect({ status, body }).toMatchObject({
    status: 422,
    body: { code: 'MEDIA_TOO_LARGE', errors: [{ message: 'is 36000 seconds long' }] },
  })
  const kept = readdirSync(stack.storageDir, { recursive: true, withFileTypes: true })
  expect(kept.filter((one) => one.isFile())).toEqual([])
})

test('a video of ten hours at an address is refused before any work on it, for nothing', async () => {
  const body = { url: `${site.url}/ten-hours.mp4` }
  const ordered = await customer.call<{ executionId: string }>('POST', '/v1/clips', { body })
  expect(ordered.status).toBe(202)
  const execution = await customer.untilOver(ordered.body.executionId)
  const { status, error, credits, outputs, clipIds, steps } = execution
  expect({ status, error, outputs, clipIds }).toMatchObject({
    ...{ status: 'error', outputs: {}, clipIds: [] },
    error: { code: 'MEDIA_TOO_LARGE', step: 'download' },
  })
  // Six clips, and the transcript of what nobody knew the length of.
  expect(credits).toEqual({ held: 73, captured: 0, refunded: 73 })
  const begun = steps.filter(({ attempts, name }) => attempts > 0 && name !== 'notify')
  expect(begun.map(({ name, attempts }) => [name, attempts])).toEqual([
    ['hold credits', 1],
    ['download', 1],
  ])
  expect(workspacesOf(stack)).toEqual([])
  expect(await ledgerViolations(stack)).toEqual([])
})

test('a talk on a video site becomes captioned vertical clips', async () => {
  const live = openLive(`${stack.apiUrl}/v1/live`, {
    headers: { authorization: `Bearer ${customer.key}` },
  })
  await live.ready
  const { status, body } = await customer.call<{ executionId: string }>('POST', '/v1/clips', {
    body: { url: `${site.url}/watch/talk`, count: 2, minSeconds: 5, maxSeconds: 10 },
  })
  expect(status).toBe(202)
  await customer.untilOver(body.executionId, 180_000)
  // The step that completes the execution is closed an instant after it.
  const execution = await eventually(async () => {
    const seen = await customer.untilOver(body.executionId, 180_000)
    expect(seen.steps.find(({ name }) => name === 'save')?.status).not.toBe('processing')
    return seen
  })
  expect(execution).toMatchObject({ status: 'completed', error: null })
  expect(execution.steps.slice(0, -1).map(({ name, status: state }) => [name, state])).toEqual([
    ['hold credits', 'completed'],
    ['download', 'completed'],
    ['extract audio', 'completed'],
    ['transcribe', 'completed'],
    ['score', 'completed'],
    ['clip 1', 'completed'],
    ['clip 2', 'completed'],
    ['save', 'completed'],
  ])
  let sizeBytes = 0
  for (const number of [1, 2]) {
    const path = join(folder, `clip-${number}.mp4`)
    const bytes = await bytesOf(execution.outputs[`clip-${number}`]!)
    sizeBytes += bytes.length
    await writeFile(path, bytes)
    const clip = await probe({ ffprobePath: 'ffprobe', path })
    const video = clip.streams.find(({ kind }) => kind === 'video')
    expect([video?.widthPx, video?.heightPx]).toEqual([1080, 1920])
    expect(clip.durationSeconds).toBeGreaterThanOrEqual(5)
    expect(clip.durationSeconds).toBeLessThanOrEqual(10.1)
  }
  expect(await ledgerViolations(stack)).toEqual([])
  expect(encodesIn(stack.logOf('worker-1'))).toEqual([
    expect.objectContaining({
      execution_id: body.executionId,
      account_id: customer.accountId,
      clip_count: 2,
      total_size_bytes: sizeBytes,
    }),
  ])
  const ends = live.messages.filter(({ type, data }) => {
    return type === 'execution.status' && data?.['status'] === 'completed'
  })
  expect(ends.map(({ executionId }) => executionId)).toEqual([body.executionId])
  const cut = live.messages.filter(({ data }) => data?.['step'] === 'clip 1')
  expect(cut.at(-1)?.data).toMatchObject({ status: 'completed' })
  await stack.api.stop()
  expect(await live.closed).toBe(1001)
})
