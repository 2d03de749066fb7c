import { mkdtempSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ExecutionAnswer } from '../../src/contracts/http/executions.ts'
import { PIPELINE_STEPS } from '../../src/domain/steps.ts'
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

const renderOf = async (input: object): Promise<{ videoId: string; execution: ExecutionAnswer }> => {
  const video = await customer.makeVideo({ audioMediaId: songId, ...input })
  const { executionId } = await customer.order(video.id)
  return { videoId: video.id, execution: await customer.untilOver(executionId) }
}

const ORDERED = [
  {
    order: { format: '16:9', template: 'spectrum-bars', settings: { title: 'Tide', artist: 'Ada' } },
    region: { startSeconds: 0.5, endSeconds: 2.5 },
    is: { size: [1280, 720], frames: 60, credits: 2, pixels: 'yuv420p' },
  },
  {
    order: { format: '9:16', template: 'radial', settings: { title: 'Тихо', frameRate: 60 } },
    region: { startSeconds: 0, endSeconds: 1.25 },
    is: { size: [720, 1280], frames: 75, credits: 2, pixels: 'yuv420p' },
  },
  {
    order: { format: '1:1', template: 'waveform', hdr: true },
    region: { startSeconds: 1, endSeconds: 2 },
    is: { size: [720, 720], frames: 30, credits: 1, pixels: 'yuv420p10le' },
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
  if (it.is.pixels === 'yuv420p10le') {
    expect(picture).toMatchObject({ color_primaries: 'bt2020', color_transfer: 'smpte2084' })
  }
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
