import { EventEmitter, once } from 'node:events'
import { expect, test } from 'vitest'
import { listenToExecutions } from '../../src/db/repositories/execution-listener.ts'
import { createExecutionsRepository } from '../../src/db/repositories/executions.ts'
import { testDatabase } from '../support/database.ts'
import { insertAccount, insertVideo, newId } from '../support/records.ts'

const { database, pool } = await testDatabase()
const executions = createExecutionsRepository(database)

const admit = async (): Promise<readonly [string, string]> => {
  const accountId = await insertAccount(database, 5)
  const videoId = await insertVideo(database, accountId)
  const executionId = newId('execution')
  await executions.admitRender({
    order: { executionId, videoId, accountId },
    workflowId: `render-${videoId}`,
    replaces: null,
    steps: ['hold credits', 'crop audio'],
    holdExpiresAt: new Date(),
    amountCredits: 5,
  })
  return [executionId, accountId]
}

test('new events are announced, also after the connection was lost and made again', async () => {
  const heard = new EventEmitter()
  const listener = await listenToExecutions({
    pool,
    onNews: (...ids) => heard.emit('execution', ...ids),
    onReconnect: () => heard.emit('reconnect'),
    onError: () => undefined,
  })
  try {
    const first = once(heard, 'execution')
    const firstIds = await admit()
    expect(await first).toEqual(firstIds)

    const reconnected = once(heard, 'reconnect')
    await pool.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND query = 'LISTEN execution_events'`)
    await reconnected
    const second = once(heard, 'execution')
    const secondIds = await admit()
    expect(await second).toEqual(secondIds)
  } finally {
    await listener.close()
  }
})
