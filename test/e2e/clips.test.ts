import { mkdtempSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { toolchain } from '../../scripts/stack/toolchain.ts'
import { probe } from '../../src/adapters/ffmpeg/probe.ts'
import { eventually } from '../support/eventually.ts'
import { openLive } from '../api/support/live-client.ts'
import { makeSpeech } from '../support/speech.ts'
import { newCustomer, type Customer } from '../support/stack-customer.ts'
import { ledgerViolations } from '../support/stack-ledger.ts'
import { workerPool, type WorkerPool } from '../support/stack-workers.ts'
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

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spool-e2e-clips-'))
  const voicePath = await makeSpeech(join(folder, 'voice.wav'), SENTENCES, 0.8)
  const videoPath = await makeTalkingHead(join(folder, 'talk.mp4'), {
    voicePath,
    durationSeconds: 24,
    cutSeconds: 12,
  })
  site = await startVideoSite({
    videoPath,
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
