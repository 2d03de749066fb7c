import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { readRouteToken } from '../../src/adapters/webhooks/route-token.ts'
import { planTerms } from '../../src/domain/plans.ts'
import { remoteJobKey, type ExecutionId } from '../../src/domain/ids.ts'
import { deliveryKeys, renderKeys } from '../../src/domain/storage-keys.ts'
import type { FakeAnswer } from '../support/fake-http-service.ts'
import { makeClip, makeMedia } from '../support/media-corpus.ts'
import { startActivityWorld, type Order } from './support/activity-world.ts'

const world = await startActivityWorld()
const { renderer, storage, repositories } = world

/** What was ordered: two seconds of 1280 × 720 at 30 frames a second. */
let goodVideoPath: string
let goodVideo: Buffer
beforeAll(async () => {
  const encode = ['-r', '30', '-movflags', '+faststart']
  goodVideoPath = await makeClip(world.folder, 'good.mp4', {
    durationSeconds: 2,
    size: '1280x720',
    encode,
  })
  goodVideo = await readFile(goodVideoPath)
})
beforeEach(() => {
  renderer.requests.length = 0
})

const json = (body: unknown, status = 200): FakeAnswer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})

describe('submitRender', () => {
  const submission = ({ executionId, videoId, workflowId }: Order) => {
    const { croppedAudioKey } = renderKeys(videoId, executionId)
    return {
      executionId,
      videoId,
      workflowId,
      audio: { croppedAudioKey, coverKey: null },
      renderer: 'farm',
      priority: 2,
      round: 1,
      orderedAtMs: Date.now(),
    }
  }

  it('sends what was ordered, with a webhook address that leads back to the workflow', async () => {
    renderer.answer = () => json({ id: 'task_1', status: 'queued' }, 201)
    const order = await world.order()
    const input = submission(order)
    const { executionId, workflowId } = order
    expect(await world.run('submitRender', input)).toEqual({ renderer: 'farm', taskId: 'task_1' })

    const [request] = renderer.requests
    const body = JSON.parse(request?.body ?? '') as Record<string, unknown>
    expect(request?.headers['idempotency-key']).toBe(remoteJobKey(executionId, 'remote render', 1))
    expect(request?.headers.authorization).toBe('Bearer farm-key')
    expect(body['options']).toEqual({
      template: 'spectrum-bars',
      width: 1280,
      height: 720,
      fps: 30,
      hdr: false,
      title: 'Title',
      artist: 'Artist',
      accent_color: '#ff5c7a',
      crf: planTerms('creator').crf,
    })
    expect(await storage.ownStorageKey(String(body['input']))).toBe(input.audio.croppedAudioKey)
    const token = String(body['webhook_url']).split('/').at(-1) ?? ''
    const secret = world.config.settings.SPOOL_SECRET
    expect(readRouteToken({ secret, token, nowMs: Date.now() })).toMatchObject({
      workflowId,
      executionId,
      sender: 'farm',
    })
    const execution = await repositories.executions.findById(executionId)
    expect(execution?.lastSignOfLifeAt).not.toBeNull()
  })

  it('repeats itself to the byte, so that the second call finds the task of the first', async () => {
    renderer.answer = () => json({ id: 'task_1', status: 'queued' })
    const input = submission(await world.order())
    await world.run('submitRender', input)
    await world.run('submitRender', input)
    const [first, second] = renderer.requests
    expect(second?.headers['idempotency-key']).toBe(first?.headers['idempotency-key'])
    expect(second?.body).toBe(first?.body)

    await world.run('submitRender', { ...input, round: 2 })
    const third = renderer.requests[2]
    expect(third?.headers['idempotency-key']).not.toBe(first?.headers['idempotency-key'])
  })

  it('waits as long as a busy renderer asks for', async () => {
    renderer.answer = () => ({ status: 503, headers: { 'retry-after': '9' }, body: '' })
    const input = submission(await world.order())
    await expect(world.run('submitRender', input)).rejects.toMatchObject({
      type: 'RENDERER_UNAVAILABLE',
      nonRetryable: false,
      nextRetryDelay: 9_000,
    })
  })

  it('orders nothing for a superseded execution, or from a renderer that is gone', async () => {
    const order = await world.order()
    const input = submission(order)
    await expect(
      world.run('submitRender', { ...input, renderer: 'retired' }),
    ).rejects.toMatchObject({ type: 'RENDERER_REJECTED' })
    await repositories.videos.startRender({ ...order, executionId: 'exec_newerthanthat' })
    await expect(world.run('submitRender', input)).rejects.toMatchObject({ type: 'CANCELED' })
    expect(renderer.requests).toEqual([])
  })
})

describe('inspectRender', () => {
  const inspect = (order: Order) =>
    world.run('inspectRender', {
      executionId: order.executionId,
      renderer: 'farm',
      taskId: 'task_1',
    })
  const ago = (ms: number) => new Date(Date.now() - ms)

  it('takes a renderer that gives no answer for a silent one', async () => {
    const order = await world.order()
    await repositories.executions.recordProgress({
      executionId: order.executionId,
      step: 'remote render',
      progress: 10,
      signOfLifeAt: ago(90_000),
    })
    renderer.answer = () => null
    const news = await inspect(order)
    expect(news).toMatchObject({ status: 'processing', failure: null })
    expect(news.silentMs).toBeGreaterThanOrEqual(90_000)
    expect(news.silentMs).toBeLessThan(120_000)
  })

  it('counts the age of the renderer’s own sign of life, never one of the future', async () => {
    const order = await world.order()
    const answerWith = (updatedAt: Date) => {
      renderer.answer = () =>
        json({ id: 't', status: 'processing', progress: 50, updated_at: updatedAt.toISOString() })
    }
    answerWith(ago(40_000))
    expect((await inspect(order)).silentMs).toBeGreaterThanOrEqual(40_000)
    answerWith(ago(-3_600_000))
    expect((await inspect(order)).silentMs).toBeLessThan(10_000)
  })

  it('lets a task wait in the queue for as long as the renderer says so', async () => {
    const order = await world.order()
    renderer.answer = () =>
      json({ id: 't', status: 'queued', updated_at: ago(3_600_000).toISOString() })
    expect(await inspect(order)).toMatchObject({ status: 'queued' })
    expect((await inspect(order)).silentMs).toBeLessThan(10_000)
  })

  it('tells why a task failed', async () => {
    const order = await world.order()
    renderer.answer = () => json({ id: 't', status: 'failed', error: { code: 'MEDIA_UNREADABLE' } })
    expect(await inspect(order)).toMatchObject({ status: 'failed', failure: 'MEDIA_UNREADABLE' })
  })
})

describe('collectRender', () => {
  /** A renderer whose task is as told, and that hands out a file at /out.mp4. */
  const farmWith = (task: Record<string, unknown>, file: Buffer | null = null) => {
    renderer.answer = ({ url }) => {
      if (url.startsWith('/v1/tasks/')) return json({ id: 'task_1', ...task })
      if (file === null) return { status: 404 }
      return { status: 200, headers: { 'content-type': 'video/mp4' }, body: file }
    }
  }
  const outUrl = () => `${renderer.baseUrl}/out.mp4?signature=canary`
  const collect = (order: Order, outputUrl?: string) =>
    world.run('collectRender', {
      executionId: order.executionId,
      videoId: order.videoId,
      renderer: 'farm',
      taskId: 'task_1',
      round: 1,
      ...(outputUrl === undefined ? {} : { outputUrl }),
    })

  it('stores what was delivered, with the time that it took', async () => {
    const order = await world.order()
    farmWith(
      {
        status: 'succeeded',
        output: { url: outUrl() },
        started_at: '2026-01-01T00:00:00Z',
        finished_at: '2026-01-01T00:00:07.5Z',
      },
      goodVideo,
    )
    const { videoKey } = deliveryKeys(order.videoId, order.executionId, 1)
    expect(await collect(order)).toEqual({ videoKey, renderTimeSeconds: 7.5 })
    expect(await storage.store.head(videoKey)).toMatchObject({ sizeBytes: goodVideo.length })
    expect(await world.workspaces()).toEqual([])
  })

  it('reads a file of our own storage without a detour over HTTP', async () => {
    const order = await world.order()
    await world.store('tasks/task_1/output.mp4', goodVideoPath, 'video/mp4')
    const url = await storage.store.signGet('tasks/task_1/output.mp4', { expiresInSeconds: 60 })
    farmWith({ status: 'completed', output: url })
    await collect(order)
    expect(renderer.requests.map(({ url: path }) => path)).toEqual(['/v1/tasks/task_1'])
  })

  it('does not take an address of ours whose signature is wrong for a file of ours', async () => {
    const order = await world.order()
    const url = await storage.store.signGet('tasks/task_1/output.mp4', { expiresInSeconds: 60 })
    farmWith({ status: 'completed', output: url.replace(/signature=[^&]*/, 'signature=forged') })
    await expect(collect(order)).rejects.toThrow('RENDERER_')
    const { videoKey } = deliveryKeys(order.videoId, order.executionId, 1)
    expect(await storage.store.head(videoKey)).toBeNull()
  })

  it.each([
    ['says that it is done and has no output', { status: 'completed', output: null }],
    ['is still at it', { status: 'processing', output: null }],
    ['has failed meanwhile', { status: 'failed', output: null }],
  ])('refuses a task that %s', async (_what, task) => {
    farmWith(task)
    await expect(collect(await world.order())).rejects.toMatchObject({
      type: 'RENDERER_OUTPUT_INVALID',
      nonRetryable: true,
    })
  })

  it('tries again when the file cannot be fetched, and keeps its signature out of the failure', async () => {
    renderer.answer = ({ url }) =>
      url.startsWith('/v1/')
        ? json({ id: 't', status: 'completed', output: outUrl() })
        : { status: 503 }
    const failure = await collect(await world.order()).catch((error: Error) => error)
    expect(failure).toMatchObject({ type: 'RENDERER_UNAVAILABLE', nonRetryable: false })
    expect(JSON.stringify(failure)).not.toContain('canary')
    expect((failure as Error).message).not.toContain('canary')
  })

  it('takes a video that a person delivers, without asking the renderer', async () => {
    const order = await world.order()
    const path = await makeMedia(world.folder, '-i', goodVideoPath, '-c', 'copy', 'by-hand.mp4')
    farmWith({ status: 'failed' }, await readFile(path))
    expect(await collect(order, outUrl())).toMatchObject({ renderTimeSeconds: 0 })
    expect(renderer.requests.map(({ url }) => url.split('?')[0])).toEqual(['/out.mp4'])
  })
})

describe('verifyRender', () => {
  /** An execution whose renderer has delivered this file. */
  const delivered = async (path: string) => {
    const { executionId, videoId } = await world.order()
    const { videoKey } = deliveryKeys(videoId, executionId, 1)
    await world.store(videoKey, path, 'video/mp4')
    await repositories.executions.beginStep({ executionId, step: 'remote render' })
    return { executionId, videoKey }
  }
  const stepOf = async (executionId: ExecutionId) => {
    const execution = await repositories.executions.findById(executionId)
    return execution?.steps.find(({ name }) => name === 'remote render')
  }
  const expectRefused = async (delivery: Awaited<ReturnType<typeof delivered>>) => {
    await expect(world.run('verifyRender', delivery)).rejects.toMatchObject({
      type: 'RENDERER_OUTPUT_INVALID',
      nonRetryable: true,
    })
    expect(await storage.store.head(delivery.videoKey)).toBeNull()
    expect(await stepOf(delivery.executionId)).toMatchObject({
      status: 'failed',
      error: { code: 'RENDERER_OUTPUT_INVALID' },
    })
  }

  it('ends the step for a video that is what was ordered, however often it is asked', async () => {
    const delivery = await delivered(goodVideoPath)
    await world.run('verifyRender', delivery)
    await world.run('verifyRender', delivery)
    expect(await stepOf(delivery.executionId)).toMatchObject({ status: 'completed', attempts: 1 })
    expect(await storage.store.head(delivery.videoKey)).not.toBeNull()
    expect(await world.workspaces()).toEqual([])
  })

  it.each([
    ['too short', ['-t', '1', '-r', '30']],
    ['of another size', ['-r', '30', '-s', '640x360']],
    ['of another frame rate', ['-r', '25']],
    ['without sound', ['-r', '30', '-an']],
  ])('refuses a video that is %s, and removes it', async (_what, encode) => {
    const path = await makeClip(world.folder, 'lie.mp4', {
      durationSeconds: 2,
      size: '1280x720',
      encode: [...encode, '-movflags', '+faststart'],
    })
    await expectRefused(await delivered(path))
  })

  it.each([
    ['a page of HTML', () => Buffer.from('<!doctype html><title>Sorry</title>')],
    ['half a video', () => goodVideo.subarray(0, goodVideo.length / 2)],
    ['nothing at all', () => Buffer.alloc(0)],
  ])('refuses %s under the name of a video', async (_what, file) => {
    const path = join(world.folder, 'no-video.mp4')
    await writeFile(path, file())
    await expectRefused(await delivered(path))
  })
})

describe('cancelRender and findRenderer', () => {
  it('tells the renderer to stop, and takes a finished task for stopped', async () => {
    const { executionId } = await world.order()
    renderer.answer = () => json({ code: 'CONFLICT' }, 409)
    await world.run('cancelRender', { executionId, renderer: 'farm', taskId: 'task_1' })
    expect(renderer.requests[0]).toMatchObject({ method: 'POST', url: '/v1/tasks/task_1/cancel' })
  })

  it('finds the first renderer that is well, or nobody', async () => {
    renderer.answer = () => json({ status: 'ready' })
    const rota = ['retired', 'farm']
    expect(await world.run('findRenderer', { rota })).toEqual({ renderer: 'farm' })
    renderer.answer = () => json({ status: 'unavailable' }, 503)
    expect(await world.run('findRenderer', { rota })).toEqual({ renderer: null })
  })
})
