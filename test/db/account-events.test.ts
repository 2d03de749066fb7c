/** What all executions of an account tell, in one order that a reader can resume. */

import { expect, test } from 'vitest'
import { appendEvents } from '../../src/db/repositories/execution-events.ts'
import { createExecutionsRepository } from '../../src/db/repositories/executions.ts'
import type { AccountId, ExecutionId } from '../../src/domain/ids.ts'
import { testDatabase } from '../support/database.ts'
import { insertAccount, insertVideo, newId } from '../support/records.ts'

const { database, pool } = await testDatabase()
const executions = createExecutionsRepository(database)

const admit = async (accountId: AccountId): Promise<ExecutionId> => {
  const videoId = await insertVideo(database, accountId)
  const executionId = newId('execution')
  await executions.admitRender({
    order: { executionId, videoId, accountId },
    workflowId: `render-${videoId}`,
    replaces: null,
    steps: ['hold credits', 'crop audio'],
    holdExpiresAt: new Date(),
    amountCredits: 1,
  })
  return executionId
}

const progress = (value: number) => ({
  type: 'step.progress' as const,
  data: { step: 'crop audio', progress: value },
})

const eventsAfter = async (
  accountId: AccountId,
  afterSequence: number,
  executionId: ExecutionId | null = null,
) => await executions.accountEvents({ accountId, executionId, afterSequence, limit: 1_000 })

test('an event that becomes visible later has the higher number, though it was written before', async () => {
  const accountId = await insertAccount(database, 10)
  const [slow, quick] = [await admit(accountId), await admit(accountId)]
  const start = await executions.lastSequence(accountId)
  const written = Promise.withResolvers<void>()
  const mayEnd = Promise.withResolvers<void>()
  const first = database.transaction(async (tx) => {
    await appendEvents(tx, slow, [progress(1), progress(2)])
    written.resolve()
    await mayEnd.promise
  })
  await written.promise
  await database.transaction((tx) => appendEvents(tx, quick, [progress(3)]))
  const seen = await eventsAfter(accountId, start)
  expect(seen.map(({ executionId, data }) => [executionId, data['progress']])).toEqual([[quick, 3]])
  mayEnd.resolve()
  await first
  const rest = await eventsAfter(accountId, seen.at(-1)!.sequence)
  expect(rest.map(({ executionId, data }) => [executionId, data['progress']])).toEqual([
    [slow, 1],
    [slow, 2],
  ])
})

test('a reader beside many writers misses nothing and sees nothing twice', async () => {
  const accountId = await insertAccount(database, 10)
  const ids = await Promise.all(Array.from({ length: 6 }, () => admit(accountId)))
  let cursor = await executions.lastSequence(accountId)
  const seen: string[] = []
  const read = async () => {
    const events = await eventsAfter(accountId, cursor)
    for (const { executionId, data } of events)
      seen.push(`${executionId} ${String(data['progress'])}`)
    cursor = events.at(-1)?.sequence ?? cursor
  }
  const values = Array.from({ length: 20 }, (_, index) => index + 1)
  const all = new AbortController()
  const writers = ids.map(async (executionId) => {
    for (const value of values) {
      await database.transaction((tx) => appendEvents(tx, executionId, [progress(value)]))
    }
  })
  const written = Promise.all(writers).then(() => all.abort())
  while (!all.signal.aborted) await read()
  await written
  await read()
  expect(seen).toHaveLength(ids.length * values.length)
  for (const id of ids) {
    expect(seen.filter((one) => one.startsWith(id))).toEqual(values.map((one) => `${id} ${one}`))
  }
})

test('an account sees its own executions, or one of them, and never those of another', async () => {
  const [accountId, other] = [await insertAccount(database, 10), await insertAccount(database, 10)]
  const [one, two, foreign] = [await admit(accountId), await admit(accountId), await admit(other)]
  await executions.beginStep({ executionId: two, step: 'crop audio' })
  await executions.endStep({ executionId: two, step: 'crop audio', outcome: 'completed' })
  await executions.beginStep({ executionId: foreign, step: 'crop audio' })
  const all = await eventsAfter(accountId, 0)
  expect(new Set(all.map(({ executionId }) => executionId))).toEqual(new Set([one, two]))
  expect(all).toHaveLength(5)
  const { rows } = await pool.query(
    'SELECT DISTINCT execution_id, account_id FROM execution_events WHERE account_id = $1',
    [other],
  )
  expect(rows).toEqual([{ execution_id: foreign, account_id: other }])
  expect(await eventsAfter(accountId, 0, one)).toHaveLength(1)
  expect(await eventsAfter(accountId, 0, foreign)).toEqual([])
})
