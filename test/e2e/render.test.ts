import { mkdtempSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ExecutionAnswer } from '../../src/contracts/http/executions.ts'
import { projectRoot } from '../../scripts/stack/toolchain.ts'
import { PIPELINE_STEPS } from '../../src/domain/steps.ts'
import { readEvents, type SeenEvent } from '../support/stack-events.ts'
import { newCustomer, type Customer } from '../support/stack-customer.ts'
import { accountsOf, ledgerViolations } from '../support/stack-ledger.ts'
import { makeSong, meanVolumeDb, probeFile } from '../support/stack-media.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'
import { startWebhookSink, type WebhookSink } from '../support/webhook-sink.ts'

let stack: TestStack
let sink: WebhookSink
let folder: string
let customer: Customer
let songId: string
let webhookSecret: string

beforeAll(async () => {
  sink = await startWebhookSink()
  folder = mkdtempSync(join(tmpdir(), 'spool-e2e-files-'))
  stack = await startTestStack({ SPOOL_ALLOW_PRIVATE_SOURCES: sink.host })
  await stack.addWorker()
  customer = await newCustomer(stack, { credits: 100, plan: 'studio' })
  const uploaded = await customer.upload(await makeSong(join(folder, 'song.wav'), 5))
  expect(uploaded.status).toBe(201)
  songId = uploaded.body.id
  const endpoint = await customer.call<{ secret: string }>('POST', '/v1/webhooks/endpoints', {
    body: { url: sink.url },
  })
  webhookSecret = endpoint.body.secret
})

afterAll(async () => {
  await stack?.stop()
  await sink?.close()
  if (folder) rmSync(folder, { recursive: true, force: true })
})

/** What an output URL opens, as a file. */
const download = async (url: string | null, name: string): Promise<string> => {
  const response = await fetch(url ?? '')
  expect(response.status).toBe(200)
  const path = join(folder, name)
  await writeFile(path, Buffer.from(await response.arrayBuffer()))
  return path
}

const renderOf = async (
  input: object,
): Promise<{ videoId: string; execution: ExecutionAnswer }> => {
  const video = await customer.makeVideo({ audioMediaId: songId, ...input })
  const { executionId } = await customer.order(video.id)
  return { videoId: video.id, execution: await customer.untilOver(executionId) }
}

const SDR = ['bt709', 'bt709'] as const
const HDR = ['bt2020', 'smpte2084'] as const

const ORDERED = [
  {
    order: {
      format: '16:9',
      template: 'spectrum-bars',
      settings: { title: 'Tide', artist: 'Ada' },
    },
    region: { startSeconds: 0.5, endSeconds: 2.5 },
    is: { size: [1280, 720], frames: 60, credits: 2, pixels: 'yuv420p', colours: SDR },
  },
  {
    order: { format: '9:16', template: 'radial', settings: { title: 'Тихо', frameRate: 60 } },
    region: { startSeconds: 0, endSeconds: 1.25 },
    is: { size: [720, 1280], frames: 75, credits: 2, pixels: 'yuv420p', colours: SDR },
  },
  {
    order: { format: '1:1', template: 'waveform', hdr: true },
    region: { startSeconds: 1, endSeconds: 2 },
    is: { size: [720, 720], frames: 30, credits: 1, pixels: 'yuv420p10le', colours: HDR },
  },
] as const

test.each(ORDERED)('a $order.format render of $order.template is what was ordered', async (it) => {
  const { videoId, execution } = await renderOf({ ...it.order, region: it.region })
  expect(execution).toMatchObject({ status: 'completed', error: null })
  expect(execution.steps.map(({ name }) => name)).toEqual(PIPELINE_STEPS.render)
  expect(execution.credits).toEqual({ held: it.is.credits, captured: it.is.credits, refunded: 0 })
  expect(await accountsOf(stack, execution.id)).toMatchObject({
    holdState: 'captured',
    captures: 1,
    capturedCredits: it.is.credits,
    tasks: [{ round: 1, status: 'completed' }],
  })

  const video = await customer.video(videoId)
  expect(video).toMatchObject({ status: 'ready', renderProgress: 100, stalledAt: null })
  expect(video.renderTimeSeconds).toBeGreaterThan(0)

  const moving = await probeFile(await download(video.videoUrl, 'video.mp4'))
  const [width, height] = it.is.size
  const picture = moving.streams.find(({ codec_type }) => codec_type === 'video')
  expect(picture).toMatchObject({ width, height, pix_fmt: it.is.pixels })
  expect(Number(picture?.nb_read_frames)).toBe(it.is.frames)
  const { color_primaries: primaries, color_transfer: transfer } = picture ?? {}
  expect([primaries, transfer]).toEqual(it.is.colours)
  expect(moving.streams.map(({ codec_type }) => codec_type)).toEqual(['video', 'audio'])
  expect(await meanVolumeDb(join(folder, 'video.mp4'))).toBeGreaterThan(-40)

  const audio = await probeFile(await download(video.croppedAudioUrl, 'audio.mp3'))
  expect(audio.streams).toHaveLength(1)
  expect(audio.streams[0]).toMatchObject({ codec_name: 'mp3', bit_rate: '320000' })
  expect(audio.format.tags?.['title']).toBeUndefined()

  const [landscape, square] = [
    await probeFile(await download(video.thumbnailUrl, 'landscape.jpg')),
    await probeFile(await download(video.squareThumbnailUrl, 'square.jpg')),
  ]
  expect(landscape.streams[0]).toMatchObject({ codec_name: 'mjpeg', width: 1280, height: 720 })
  expect(square.streams[0]).toMatchObject({ codec_name: 'mjpeg', width: 1080, height: 1080 })

  const event = await sink.eventOf(webhookSecret, execution.id)
  expect(event).toMatchObject({ type: 'render.completed', data: { videoId, status: 'completed' } })
  expect(await ledgerViolations(stack)).toEqual([])
})

test('a real song with a cover becomes a video with both', async () => {
  const song = join(projectRoot, 'examples', 'media', 'vibe-ace.ogg')
  const { body } = await customer.upload(song)
  expect(body.durationSeconds).toBeGreaterThan(60)
  const { execution, videoId } = await renderOf({
    audioMediaId: body.id,
    region: { startSeconds: 20.123, endSeconds: 22.123 },
    format: '4:5',
  })
  expect(execution).toMatchObject({ status: 'completed', error: null })
  const { videoUrl } = await customer.video(videoId)
  const { streams } = await probeFile(await download(videoUrl, 'real.mp4'))
  expect(streams[0]).toMatchObject({ width: 720, height: 900, nb_read_frames: '60' })
  expect(await meanVolumeDb(join(folder, 'real.mp4'))).toBeGreaterThan(-40)
})

test('the event stream tells every step in order, and goes on after a lost connection', async () => {
  const video = await customer.makeVideo({
    audioMediaId: songId,
    region: { startSeconds: 0, endSeconds: 1 },
    format: '1:1',
  })
  const { executionId } = await customer.order(video.id)
  const path = `/v1/executions/${executionId}/events`

  const seen: SeenEvent[] = await readEvents(await customer.open(path), 4)
  expect(seen).toHaveLength(4)
  const afterFour = { 'last-event-id': seen.at(-1)!.id }
  seen.push(...(await readEvents(await customer.open(path, afterFour))))
  expect((await customer.execution(executionId)).status).toBe('completed')
  // From the beginning, without a break, it is the same story.
  expect(await readEvents(await customer.open(path))).toEqual(seen)

  const numbers = seen.map(({ id }) => Number(id))
  expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
  const completed = seen
    .filter(({ event, data }) => event === 'step.status' && data['status'] === 'completed')
    .map(({ data }) => data['step'])
  // The hold is done when the execution begins to exist, and there is no CDN to invalidate.
  const untold = ['hold credits', 'invalidate cdn']
  expect(completed).toEqual(PIPELINE_STEPS.render.filter((name) => !untold.includes(name)))
  const states = seen.filter(({ event }) => event === 'execution.status')
  expect(states.at(-1)?.data['status']).toBe('completed')

  const gone = await customer.open(path, { 'last-event-id': seen.at(-1)!.id })
  expect(gone.status).toBe(204)
})
