import { afterEach, beforeEach, expect, test } from 'vitest'
import { createLedgerRepository } from '../../src/db/repositories/ledger.ts'
import { createTasksRepository } from '../../src/db/repositories/tasks.ts'
import { holdId, type AccountId, type TaskId } from '../../src/domain/ids.ts'
import { testDatabase } from '../support/database.ts'
import { insertAccount, newId } from '../support/records.ts'

const { database } = await testDatabase()
const NOW = new Date('2026-01-01T12:00:00Z')
const tasks = createTasksRepository(database, { clock: () => NOW })
const ledger = createLedgerRepository(database)

const OUTPUT = {
  storageKey: 'tasks/out.mp4',
  contentType: 'video/mp4',
  sizeBytes: 100,
  durationSeconds: 5,
  widthPx: 1280,
  heightPx: 720,
}

let accountId: AccountId
let taskId: TaskId

beforeEach(async () => {
  accountId = await insertAccount(database, 10)
  taskId = newId('task')
  await insert(taskId)
})

afterEach(async () => {
  expect(await ledger.audit()).toEqual([])
})

const insert = (id: TaskId, input = 'https://example.org/song.mp3') =>
  tasks.insert({
    id,
    accountId,
    kind: 'render',
    input,
    options: { template: 'radial' },
    metadata: { order: 7 },
    webhookUrl: null,
    priority: 3,
  })

const holdPrice = () =>
  ledger.hold({
    id: holdId(taskId),
    accountId,
    amountCredits: 5,
    workflowId: `task-${taskId}`,
    expiresAt: NOW,
  })

test('an order whose price is held with it is held once, and declined for good', async () => {
  const row = (id: TaskId) => ({
    ...{ id, accountId, input: 'med_1', options: {}, metadata: {} },
    ...{ webhookUrl: null, priority: 3, kind: 'image' as const },
  })
  const priced = (id: TaskId, amountCredits: number) => ({
    ...{ id: holdId(id), accountId, amountCredits },
    ...{ workflowId: `task-${id}`, expiresAt: NOW },
  })
  const [paid, free, poor] = [newId('task'), newId('task'), newId('task')]
  expect(await tasks.admit(row(paid), priced(paid, 4))).toMatchObject({
    state: 'admitted',
    task: { id: paid, status: 'queued' },
  })
  expect(await tasks.admit(row(paid), priced(paid, 4))).toMatchObject({ state: 'admitted' })
  expect(await tasks.admit(row(free), null)).toMatchObject({ state: 'admitted' })
  const declined = await tasks.admit(row(poor), priced(poor, 7))
  expect(declined).toEqual({ state: 'declined', availableCredits: 6 })
  await ledger.topUp({ accountId, amountCredits: 100, reference: 'later' })
  expect(await tasks.admit(row(poor), priced(poor, 7))).toMatchObject({
    state: 'declined',
  })
  expect(await tasks.findById(poor)).toBeNull()
  expect((await ledger.balance(accountId)).held).toBe(4)
})

test('a task that is inserted again is the stored one', async () => {
  expect(await insert(taskId, 'another input')).toMatchObject({
    status: 'queued',
    input: 'https://example.org/song.mp3',
    progress: 0,
  })
})

test('a task of another account is not found', async () => {
  expect(await tasks.find(accountId, taskId)).toMatchObject({ id: taskId })
  expect(await tasks.find(await insertAccount(database), taskId)).toBeNull()
})

test('progress never falls, and every report is a sign of life', async () => {
  await tasks.start(taskId)
  const at = (seconds: number) => new Date(NOW.getTime() + seconds * 1000)
  await tasks.recordProgress({ taskId, progress: 40, signOfLifeAt: at(1) })
  await tasks.recordProgress({ taskId, progress: 10, signOfLifeAt: at(2) })
  expect(await tasks.findById(taskId)).toMatchObject({
    status: 'processing',
    startedAt: NOW,
    progress: 40,
    lastSignOfLifeAt: at(2),
  })
})

test('completion captures the hold and publishes the output, once', async () => {
  await holdPrice()
  const completion = { taskId, output: OUTPUT }
  expect(await tasks.complete(completion)).toMatchObject({ settled: true })
  expect(await tasks.complete(completion)).toMatchObject({ settled: false })
  expect(await tasks.findById(taskId)).toMatchObject({
    status: 'completed',
    output: OUTPUT,
    progress: 100,
    finishedAt: NOW,
  })
  expect(await ledger.balance(accountId)).toEqual({ posted: 5, held: 0, available: 5 })
})

test('a task without a price is completed without a hold', async () => {
  expect(await tasks.complete({ taskId, output: OUTPUT })).toMatchObject({ settled: true })
})

test('a task whose hold has expired is not completed', async () => {
  await holdPrice()
  await ledger.expire(holdId(taskId))
  await expect(tasks.complete({ taskId, output: OUTPUT })).rejects.toMatchObject({
    code: 'HOLD_CONFLICT',
  })
  expect(await tasks.findById(taskId)).toMatchObject({ status: 'queued', output: null })
})

test('abandoning voids the hold; a finished task stays as it is', async () => {
  await holdPrice()
  const failure = { code: 'MEDIA_UNREADABLE', message: 'Unreadable.' } as const
  const abandon = { taskId, ending: 'failed', failure } as const
  expect(await tasks.abandon(abandon)).toMatchObject({
    settled: true,
    task: { status: 'failed', error: failure },
  })
  expect(await tasks.complete({ taskId, output: OUTPUT })).toMatchObject({
    settled: false,
    task: { status: 'failed' },
  })
  expect(await tasks.start(taskId)).toBeNull()
  expect(await tasks.recordProgress({ taskId, progress: 1, signOfLifeAt: NOW })).toBe(false)
  expect(await ledger.balance(accountId)).toEqual({ posted: 10, held: 0, available: 10 })
})

test('a task that does not exist cannot end', async () => {
  expect(await tasks.complete({ taskId: 'task_none', output: OUTPUT })).toBeNull()
  expect(await tasks.abandon({ taskId: 'task_none', ending: 'canceled', failure: null })).toBeNull()
})

test('tasks are listed by status', async () => {
  const queued = newId('task')
  await insert(queued)
  await tasks.start(taskId)
  const listed = await tasks.list({ accountId, status: 'queued', limit: 10 })
  expect(listed.items.map(({ id }) => id)).toEqual([queued])
  expect((await tasks.list({ accountId, limit: 10 })).items).toHaveLength(2)
})
