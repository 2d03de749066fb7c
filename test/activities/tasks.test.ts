import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CancelledFailure } from '@temporalio/activity'
import type { MockActivityEnvironment } from '@temporalio/testing'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { probe } from '../../src/adapters/ffmpeg/probe.ts'
import { newWebhookSecret } from '../../src/adapters/webhooks/standard-webhooks.ts'
import { renderTaskOptions } from '../../src/contracts/http/tasks/render-options.ts'
import type { TaskId } from '../../src/domain/ids.ts'
import { holdId } from '../../src/domain/ids.ts'
import { taskPriceCredits } from '../../src/domain/pricing.ts'
import { taskKeys } from '../../src/domain/storage-keys.ts'
import type { TaskDialect } from '../../src/domain/task-dialects.ts'
import { eventually } from '../support/eventually.ts'
import { makeTone } from '../support/media-corpus.ts'
import { insertAccount, newId } from '../support/records.ts'
import { startActivityWorld } from './support/activity-world.ts'
import { childrenNamed } from './support/child-processes.ts'

const world = await startActivityWorld()
const { customer, repositories, storage } = world

beforeAll(async () => {
  const song = await makeTone(world.folder, 'song.mp3', { durationSeconds: 2 })
  await world.store('uploads/song', song, 'audio/mpeg')
})
beforeEach(() => {
  customer.requests.length = 0
  customer.answer = () => ({ status: 204 })
})

const songUrl = () => storage.store.signGet('uploads/song', { expiresInSeconds: 600 })

const insertTask = async (
  options: {
    input?: string
    credits?: number
    draw?: Record<string, unknown>
    dialect?: TaskDialect
  } = {},
) => {
  const accountId = await insertAccount(world.database.database, options.credits ?? 100)
  const task = await repositories.tasks.insert({
    id: newId('task'),
    accountId,
    kind: 'render',
    dialect: options.dialect ?? 'tasks',
    input: options.input ?? (await songUrl()),
    options: renderTaskOptions.parse({ width: 128, height: 128, ...options.draw }),
    metadata: { mine: 7 },
    webhookUrl: `${customer.baseUrl}/hook`,
    priority: 3,
  })
  return { taskId: task.id, accountId }
}

const available = async (accountId: Parameters<typeof repositories.ledger.balance>[0]) =>
  (await repositories.ledger.balance(accountId)).available

const drawn = (taskId: TaskId) => ({
  storageKey: taskKeys(taskId).outputKey,
  contentType: 'video/mp4',
  sizeBytes: 1_000,
  durationSeconds: 2,
  widthPx: 128,
  heightPx: 128,
})

describe('prepareTask', () => {
  it('judges the input and holds its price, once', async () => {
    const { taskId, accountId } = await insertTask()
    const first = await world.run('prepareTask', { taskId })
    expect(first).toMatchObject({ status: 'ready', inputKey: 'uploads/song' })
    expect(await world.run('prepareTask', { taskId })).toEqual(first)
    const price = taskPriceCredits('creator', 'render', 2)
    expect(await available(accountId)).toBe(100 - price)
    expect((await repositories.tasks.findById(taskId))?.status).toBe('processing')
  })

  it('declines what the account cannot pay', async () => {
    const { taskId } = await insertTask({ credits: 1 })
    expect(await world.run('prepareTask', { taskId })).toEqual({
      status: 'refused',
      failure: 'INSUFFICIENT_CREDITS',
    })
  })

  it('fetches a stranger’s input into our storage', async () => {
    const path = join(world.folder, 'again.mp3')
    await storage.store.downloadTo('uploads/song', path)
    const body = await readFile(path)
    customer.answer = () => ({ status: 200, body })
    const { taskId } = await insertTask({ input: `${customer.baseUrl}/song.mp3` })
    const { inputKey } = taskKeys(taskId)
    expect(await world.run('prepareTask', { taskId })).toMatchObject({ status: 'ready', inputKey })
    expect(await storage.store.head(inputKey)).toMatchObject({ sizeBytes: body.length })
    expect(await world.workspaces()).toEqual([])
  })

  it.each([
    ['an address that is private', 'http://127.0.0.2/song.mp3', 'SOURCE_FORBIDDEN'],
    ['a page of HTML', 'HTML', 'MEDIA_UNREADABLE'],
  ])('refuses %s for good, and holds nothing', async (_what, input, type) => {
    customer.answer = () => ({ status: 200, body: '<!doctype html>' })
    const url = input === 'HTML' ? `${customer.baseUrl}/page` : input
    const { taskId, accountId } = await insertTask({ input: url })
    await expect(world.run('prepareTask', { taskId })).rejects.toMatchObject({
      type,
      nonRetryable: true,
    })
    expect(await available(accountId)).toBe(100)
  })

  it('refuses what is larger than the plan allows before it has come', async () => {
    const announced = { 'content-length': String(900 * 1024 * 1024) }
    customer.answer = () => ({ status: 200, headers: announced, body: 'a beginning' })
    const { taskId } = await insertTask({ input: `${customer.baseUrl}/huge.mp3` })
    await expect(world.run('prepareTask', { taskId })).rejects.toMatchObject({
      type: 'MEDIA_TOO_LARGE',
      nonRetryable: true,
    })
  })

  it('decodes a stranger’s file to its end, and one that we made or judged only in its head', async () => {
    // A part of a song: what its header says is more than there is.
    const cut = join(world.folder, 'cut.flac')
    const flac = await readFile(await makeTone(world.folder, 'whole.flac', { durationSeconds: 4 }))
    await writeFile(cut, flac.subarray(0, Math.floor(flac.length * 0.6)))
    for (const key of ['uploads/cut', 'tasks/task_other000/output.flac']) {
      await world.store(key, cut, 'audio/flac')
    }
    const urlOf = (key: string) => storage.store.signGet(key, { expiresInSeconds: 600 })
    const unjudged = await insertTask({ input: await urlOf('uploads/cut') })
    await expect(world.run('prepareTask', { taskId: unjudged.taskId })).rejects.toMatchObject({
      type: 'MEDIA_UNREADABLE',
    })
    const judged = await insertTask({ input: await urlOf('tasks/task_other000/output.flac') })
    expect(await world.run('prepareTask', { taskId: judged.taskId })).toMatchObject({
      status: 'ready',
      durationSeconds: 4,
    })
  })

  it('does not begin a task that is over', async () => {
    const { taskId } = await insertTask()
    await repositories.tasks.abandon({ taskId, ending: 'canceled', failure: null })
    await expect(world.run('prepareTask', { taskId })).rejects.toMatchObject({ type: 'CANCELED' })
  })
})

describe('renderTask', () => {
  it('draws what was asked for and says what it measured', async () => {
    const { taskId } = await insertTask()
    const { output: file } = await world.run('renderTask', { taskId, inputKey: 'uploads/song' })
    const path = join(world.folder, 'drawn.mp4')
    await storage.store.downloadTo(file.storageKey, path)
    const { SPOOL_FFPROBE_PATH: ffprobePath } = world.config.settings
    const found = await probe({ ffprobePath, path })
    expect(file).toMatchObject({ widthPx: 128, heightPx: 128, contentType: 'video/mp4' })
    expect(found.durationSeconds).toBeCloseTo(file.durationSeconds ?? 0, 1)
    expect(await world.workspaces()).toEqual([])
  })

  it('ends ffmpeg and leaves nothing when the worker shuts down', async () => {
    const long = await makeTone(world.folder, 'long.mp3', { durationSeconds: 120 })
    await world.store('uploads/long', long, 'audio/mpeg')
    const { taskId } = await insertTask({ draw: { width: 1280, height: 720 } })
    let environment: MockActivityEnvironment | undefined
    const ended = world
      .run(
        'renderTask',
        { taskId, inputKey: 'uploads/long' },
        { environment: (made) => (environment = made) },
      )
      .catch((error: unknown) => error)
    await eventually(async () => expect(await childrenNamed('ffmpeg')).not.toEqual([]))
    environment?.cancel('WORKER_SHUTDOWN')
    expect(await ended).toBeInstanceOf(CancelledFailure)
    expect(await childrenNamed('ffmpeg')).toEqual([])
    expect(await world.workspaces()).toEqual([])
    expect(await storage.store.head(taskKeys(taskId).outputKey)).toBeNull()
  })
})

describe('the end of a task', () => {
  it('captures the price of a finished one, and tells it once', async () => {
    const { taskId, accountId } = await insertTask()
    await world.run('prepareTask', { taskId })
    const first = await world.run('completeTask', { taskId, output: drawn(taskId) })
    expect(first.deliveryIds).toHaveLength(1)
    expect(await world.run('completeTask', { taskId, output: drawn(taskId) })).toEqual(first)
    expect(await repositories.ledger.holdOf(holdId(taskId))).toMatchObject({ state: 'captured' })
    const [deliveryId = 'dlv_none0000'] = first.deliveryIds
    const delivery = await repositories.webhookDeliveries.find(accountId, deliveryId)
    expect(delivery?.payload).toMatchObject({
      type: 'job.succeeded',
      task_id: taskId,
      output_url: { storageKey: taskKeys(taskId).outputKey },
      metadata: { mine: 7 },
    })
  })

  it('is told to the account’s endpoints that want to know of it, too', async () => {
    const { taskId, accountId } = await insertTask()
    const endpoint = async (topics: string[]) =>
      await repositories.webhookEndpoints.create({
        id: newId('endpoint'),
        accountId,
        url: `${customer.baseUrl}/${topics.join('+')}`,
        secret: newWebhookSecret(),
        topics,
      })
    await endpoint(['job.succeeded'])
    await endpoint(['render.completed'])
    await endpoint([])
    await world.run('prepareTask', { taskId })
    const { deliveryIds } = await world.run('completeTask', { taskId, output: drawn(taskId) })
    const urls = await Promise.all(
      deliveryIds.map(
        async (id) => (await repositories.webhookDeliveries.find(accountId, id))?.url,
      ),
    )
    expect(deliveryIds).toHaveLength(3)
    expect(new Set(urls)).toEqual(
      new Set(['', 'hook', 'job.succeeded'].map((path) => `${customer.baseUrl}/${path}`)),
    )
  })

  it('is told in the words that the task was ordered in', async () => {
    const { taskId, accountId } = await insertTask({ dialect: 'jobs' })
    await world.run('prepareTask', { taskId })
    const { deliveryIds } = await world.run('completeTask', { taskId, output: drawn(taskId) })
    const [deliveryId = 'dlv_none0000'] = deliveryIds
    const delivery = await repositories.webhookDeliveries.find(accountId, deliveryId)
    expect(delivery?.payload).toMatchObject({
      type: 'job.succeeded',
      id: taskId,
      job_id: `job_${taskId.slice('task_'.length)}`,
      status: 'succeeded',
      created_at: expect.any(Number) as number,
    })
  })

  it.each(['failed', 'canceled'] as const)('gives back the price of a %s one', async (ending) => {
    const { taskId, accountId } = await insertTask()
    await world.run('prepareTask', { taskId })
    const failure = ending === 'failed' ? 'ENCODER_CRASHED' : null
    await world.run('abandonTask', { taskId, ending, failure })
    expect(await available(accountId)).toBe(100)
    expect(await repositories.tasks.findById(taskId)).toMatchObject({ status: ending })
  })

  it('cannot be changed by what comes later', async () => {
    const { taskId, accountId } = await insertTask()
    await world.run('prepareTask', { taskId })
    await world.run('completeTask', { taskId, output: drawn(taskId) })
    await world.run('abandonTask', { taskId, ending: 'canceled', failure: null })
    expect(await repositories.tasks.findById(taskId)).toMatchObject({ status: 'completed' })
    expect(await available(accountId)).toBeLessThan(100)
  })
})
