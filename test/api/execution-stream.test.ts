import { expect, test } from 'vitest'
import { executionStream } from '../../src/api/execution-stream.ts'
import { createExecutionsRepository } from '../../src/db/repositories/executions.ts'
import { testDatabase } from '../support/database.ts'
import { insertAccount, newId } from '../support/records.ts'

const { database } = await testDatabase()
const executions = createExecutionsRepository(database)

test('a stream whose news do not come any more reads what happened all the same', async () => {
  const accountId = await insertAccount(database, 10)
  const executionId = newId('execution')
  await executions.admitOrder({
    order: {
      ...{ executionId, accountId, pipeline: 'stream', subjectId: newId('media') },
      ...{ round: 0, priority: 3, input: {} },
    },
    workflowId: `stream-${executionId}`,
    steps: [{ name: 'probe', priceCredits: 1 }],
    holdExpiresAt: new Date(Date.now() + 60_000),
  })
  const controller = new AbortController()
  const frames = executionStream({
    ...{ executionId, afterSequence: 0, heartbeatMs: 10, signal: controller.signal },
    read: (afterSequence, limit) => executions.events({ executionId, afterSequence, limit }),
    find: () => executions.find(accountId, executionId),
    // The connection that listens has died without a word.
    news: { follow: () => () => undefined },
  })
  let isBegun = false
  for await (const frame of frames) {
    if (frame.includes('"step":"probe"')) break
    if (!frame.startsWith(': still here') || isBegun) continue
    isBegun = await executions.beginStep({ executionId, step: 'probe' })
  }
  controller.abort()
  expect(isBegun).toBe(true)
})
