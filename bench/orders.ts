import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { placementOf } from '../src/api/placement.ts'
import { createWorkflowService } from '../src/api/workflow-service.ts'
import { createRouteToken } from '../src/adapters/webhooks/route-token.ts'
import { signWebhook } from '../src/adapters/webhooks/standard-webhooks.ts'
import { MediaError } from '../src/domain/failures.ts'
import {
  makeId,
  renderWorkflowId,
  type ExecutionId,
  type MediaId,
  type VideoId,
} from '../src/domain/ids.ts'
import { DEFAULT_ACCENT_COLOR, DEFAULT_TEMPLATE } from '../src/domain/render-spec.ts'
import { instantTaskId } from './instant-worker-process.ts'
import { bounded } from './samples.ts'
import type { BenchStack } from './stack.ts'

const HOUR_MS = 3_600_000

/** A render that can be ordered: its video is in the database. */
export interface Order {
  readonly executionId: ExecutionId
  readonly videoId: VideoId
  readonly workflowId: string
}

const newSuffix = (): string => randomBytes(12).toString('hex')

/** Videos of a second each, of a song that nobody is going to read. */
export const prepareOrders = async (stack: BenchStack, count: number): Promise<Order[]> => {
  const { repositories, account } = stack
  const audioMediaId: MediaId = makeId('media', newSuffix())
  await repositories.media.insert({
    id: audioMediaId,
    accountId: account.id,
    kind: 'audio',
    storageKey: 'media/none',
    fileName: 'none.mp3',
    contentType: 'audio/mpeg',
    sizeBytes: 1,
    durationSeconds: 1,
    streams: [{ kind: 'audio', codec: 'mp3', sampleRateHz: 44_100, channels: 2 }],
  })
  const orders = Array.from({ length: count }, (): Order => {
    const videoId = makeId('video', newSuffix())
    const executionId = makeId('execution', newSuffix())
    return { executionId, videoId, workflowId: renderWorkflowId(videoId) }
  })
  await bounded(8, orders, ({ videoId }) =>
    repositories.videos.insert({
      id: videoId,
      accountId: account.id,
      audioMediaId,
      startSeconds: 0,
      endSeconds: 1,
      format: '16:9',
      template: DEFAULT_TEMPLATE,
      hdr: false,
      settings: {
        title: 'Benchmark',
        artist: 'Spool',
        accentColor: DEFAULT_ACCENT_COLOR,
        backgroundMediaId: null,
        frameRate: 30,
        resolution: 720,
      },
    }),
  )
  return orders
}

/** A client that is answered 503 comes again this often, as its Retry-After asks. */
const ORDER_ATTEMPTS = 30
const RETRY_AFTER_MS = 2_000

/** Places orders as the API does, and repeats one that was answered 503, as its client would: the same
 * execution id finds the order if it was taken. */
export const createOrderer = (stack: BenchStack) => {
  const workflows = createWorkflowService(stack.temporal, { admissionTimeoutMs: 60_000 })
  const accountId = stack.account.id
  const placement = placementOf({ id: accountId, plan: 'creator' }, undefined)
  return async ({ executionId, videoId }: Order): Promise<void> => {
    const order = {
      order: { executionId, videoId, accountId, priority: placement.priority },
      placement,
      summary: 'Benchmark',
    }
    const admission = await patiently(() => workflows.orderRender(order))
    if (admission.status !== 'held') throw new Error('the benchmark is out of credits')
  }
}

const patiently = async <T>(call: () => Promise<T>): Promise<T> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call()
    } catch (error) {
      const isAway = error instanceof MediaError && error.code === 'TEMPORAL_UNAVAILABLE'
      if (!isAway || attempt === ORDER_ATTEMPTS) throw error
      await delay(RETRY_AFTER_MS)
    }
  }
}

/** A sender whose webhook is answered 503 sends it again: the schedule of ours begins with five seconds. */
const WEBHOOK_ATTEMPTS = 20
const WEBHOOK_RETRY_MS = 5_000

/** Posts the webhook of a finished remote task to the API, signed as its renderer would. */
export const createWebhookSender = (stack: BenchStack) => {
  const [renderer] = stack.config.renderers
  if (renderer === undefined) throw new Error('no renderer is configured')
  return async ({ executionId, workflowId }: Order): Promise<void> => {
    const token = createRouteToken({
      workflowId,
      executionId,
      step: 'remote render',
      sender: renderer.name,
      expiresAtMs: Date.now() + HOUR_MS,
      secret: stack.config.settings.SPOOL_SECRET,
    })
    const taskId = instantTaskId(executionId)
    const body = JSON.stringify({
      type: 'job.succeeded',
      id: taskId,
      task_id: taskId,
      status: 'completed',
    })
    const id = `evt_${newSuffix()}`
    const post = async (): Promise<number> => {
      const timestampSeconds = Math.floor(Date.now() / 1000)
      const signature = signWebhook({ secret: renderer.webhookSecret, id, timestampSeconds, body })
      const response = await fetch(`${stack.apiUrl}/webhooks/tasks/${token}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...signature },
        body,
      })
      await response.body?.cancel()
      return response.status
    }
    let status = await post()
    for (let attempt = 1; status === 503 && attempt < WEBHOOK_ATTEMPTS; attempt += 1) {
      await delay(WEBHOOK_RETRY_MS)
      status = await post()
    }
    if (status !== 200) throw new Error(`a webhook was answered ${status}`)
  }
}
