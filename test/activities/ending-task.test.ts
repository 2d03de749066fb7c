/** The last piece of work on a task, which ends it. */

import { beforeAll, beforeEach, expect, it } from 'vitest'
import { holdId, taskWorkflowId, type TaskId } from '../../src/domain/ids.ts'
import { makeTone } from '../support/media-corpus.ts'
import { insertAccount, newId } from '../support/records.ts'
import { startActivityWorld } from './support/activity-world.ts'

const world = await startActivityWorld()
const { customer, repositories, storage } = world
const inputKey = 'uploads/song'

beforeAll(async () => {
  const song = await makeTone(world.folder, 'song.mp3', { durationSeconds: 2 })
  await world.store(inputKey, song, 'audio/mpeg')
})
beforeEach(() => {
  customer.requests.length = 0
  customer.answer = () => ({ status: 204 })
})

/** A waveform that is paid for. */
const insertTask = async (): Promise<TaskId> => {
  const accountId = await insertAccount(world.database.database, 100)
  const id = newId('task')
  const row = {
    id,
    accountId,
    kind: 'waveform',
    input: 'med_song0000',
    options: {},
    metadata: {},
    webhookUrl: `${customer.baseUrl}/hook`,
    priority: 3,
  } as const
  const workflowId = taskWorkflowId(id)
  const expiresAt = new Date(Date.now() + 3_600_000)
  await repositories.tasks.admit(row, {
    id: holdId(id),
    accountId,
    amountCredits: 1,
    workflowId,
    expiresAt,
  })
  return id
}

const holdState = async (id: TaskId) => (await repositories.ledger.holdOf(holdId(id)))?.state

it('captures the price and tells the customer, once, however often it is called', async () => {
  const taskId = await insertTask()
  const first = await world.run('measureWaveform', { taskId, inputKey })
  expect(first).toMatchObject({ completed: true, open: [] })
  expect(await holdState(taskId)).toBe('captured')
  // Its file is gone: a second measurement would fail.
  await storage.store.delete(first.output.storageKey)
  const missing = { taskId, inputKey: 'uploads/none' }
  expect(await world.run('measureWaveform', missing)).toEqual(first)
  const told = customer.requests.filter(({ body }) => body.includes('"job.succeeded"'))
  expect(told).toHaveLength(1)
})

it('leaves to the workflow what cannot be completed, with the file stored', async () => {
  const taskId = await insertTask()
  await repositories.ledger.expire(holdId(taskId))
  const end = await world.run('measureWaveform', { taskId, inputKey })
  expect(end).toMatchObject({ completed: false, open: [] })
  expect(await storage.store.head(end.output.storageKey)).not.toBeNull()
  expect((await repositories.tasks.findById(taskId))?.status).toBe('processing')
})

it('leaves a webhook that is refused to the schedule, as tried once', async () => {
  customer.answer = () => ({ status: 500 })
  const { completed, open } = await world.run('measureWaveform', {
    taskId: await insertTask(),
    inputKey,
  })
  expect(completed).toBe(true)
  expect(open).toMatchObject([{ attemptCount: 1, waitMs: expect.any(Number) as number }])
})

it('does not wait for a slow receiver, whom others call again', async () => {
  customer.answer = () => ({ isSilent: true })
  const { completed, open } = await world.run('measureWaveform', {
    taskId: await insertTask(),
    inputKey,
  })
  expect(completed).toBe(true)
  expect(open).toEqual([{ deliveryId: expect.stringMatching(/^dlv_/) as string }])
})

it('ends nothing when more is to follow', async () => {
  const taskId = await insertTask()
  const end = await world.run('measureWaveform', { taskId, inputKey, isLast: false })
  expect(end).toMatchObject({ completed: false, open: [] })
  expect(await holdState(taskId)).toBe('pending')
})

it('does nothing for a task that was given up', async () => {
  const taskId = await insertTask()
  await repositories.tasks.abandon({ taskId, ending: 'canceled', failure: null })
  await expect(world.run('measureWaveform', { taskId, inputKey })).rejects.toMatchObject({
    type: 'CANCELED',
  })
})
