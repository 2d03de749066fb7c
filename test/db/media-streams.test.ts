import { beforeEach, expect, test } from 'vitest'
import { createExecutionsRepository } from '../../src/db/repositories/executions.ts'
import { createMediaRepository } from '../../src/db/repositories/media.ts'
import { createMediaStreamsRepository } from '../../src/db/repositories/media-streams.ts'
import type { AccountId, ExecutionId, MediaId } from '../../src/domain/ids.ts'
import { testDatabase } from '../support/database.ts'
import { insertAccount, newId, newMedium } from '../support/records.ts'

const { database } = await testDatabase()
const executions = createExecutionsRepository(database)
const streams = createMediaStreamsRepository(database)

let accountId: AccountId
let mediaId: MediaId
beforeEach(async () => {
  accountId = await insertAccount(database, 100)
  const medium = await createMediaRepository(database).insert(newMedium(accountId, 'silent film'))
  mediaId = medium.id
})

/** An order in work, which has published a first rung in a folder of its name. */
const published = async (name: string): Promise<ExecutionId> => {
  const executionId = newId('execution')
  await executions.admitOrder({
    order: {
      ...{ executionId, accountId, pipeline: 'stream', subjectId: mediaId },
      ...{ round: 0, priority: 3, input: {} },
    },
    workflowId: `stream-${executionId}`,
    steps: [{ name: 'ladder', priceCredits: 1 }],
    holdExpiresAt: new Date(Date.now() + 60_000),
  })
  await streams.begin({ mediaId, accountId, executionId })
  await streams.publish(executionId, name)
  return executionId
}

const end = async (
  executionId: ExecutionId,
  outcome: 'completed' | 'partial' | 'error' | 'canceled',
  folder: string | null = null,
) => {
  const isDone = folder !== null
  const ladder = {
    step: 'ladder',
    outcome: isDone ? 'completed' : outcome === 'canceled' ? 'canceled' : 'failed',
    failure: isDone || outcome === 'canceled' ? null : 'ENCODER_CRASHED',
    outputs: isDone ? { hls: `${folder}/master.m3u8` } : {},
  } as const
  await executions.completeBranches({ executionId, outcome, branches: [ladder], step: 'assemble' })
}

const playing = async () => {
  const found = await streams.find(accountId, mediaId)
  return [found?.status, found?.readyToStream, found?.folderKey]
}

test('a finished ladder is what the medium plays', async () => {
  await end(await published('first'), 'completed', 'first')
  expect(await playing()).toEqual(['ready', true, 'first'])
})

test('rungs of an order that was canceled, which nobody pays, are not played', async () => {
  await end(await published('first'), 'canceled')
  expect(await playing()).toEqual(['canceled', false, null])
})

test('rungs of an order that failed are played where there is nothing else', async () => {
  await end(await published('first'), 'error')
  expect(await playing()).toEqual(['error', true, 'first'])
})

test.each(['canceled', 'error', 'partial'] as const)(
  'an order that ends %s without its ladder leaves the medium the newest finished one',
  async (outcome) => {
    await end(await published('first'), 'completed', 'first')
    await end(await published('second'), 'partial', 'second')
    await end(await published('third'), outcome)
    expect(await playing()).toEqual([outcome, true, 'second'])
  },
)

test('an order that was given up leaves the medium what it played, too', async () => {
  await end(await published('first'), 'completed', 'first')
  const executionId = await published('second')
  await executions.abandon({ executionId, ending: 'error', failure: 'INTERNAL', step: null })
  expect(await playing()).toEqual(['error', true, 'first'])
})

test('the retry of an older order takes the medium from none that is in work or complete', async () => {
  const older = await published('older')
  await end(older, 'error')
  const newer = await published('newer')
  await streams.begin({ mediaId, accountId, executionId: older })
  expect(await streams.publish(older, 'older')).toBe(false)
  await end(newer, 'completed', 'newer')
  await streams.begin({ mediaId, accountId, executionId: older })
  expect(await playing()).toEqual(['ready', true, 'newer'])

  const newest = await published('newest')
  await end(newest, 'canceled')
  await streams.begin({ mediaId, accountId, executionId: older })
  expect(await streams.publish(older, 'older')).toBe(true)
})
