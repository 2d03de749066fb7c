import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { afterAll, expect, test } from 'vitest'
import { connectDatabase } from '../../src/db/database.ts'
import { createAccountsRepository } from '../../src/db/repositories/accounts.ts'
import { createApiKeysRepository } from '../../src/db/repositories/api-keys.ts'
import { listenToExecutions } from '../../src/db/repositories/execution-listener.ts'
import { createLedgerRepository } from '../../src/db/repositories/ledger.ts'
import { testDatabase } from '../support/database.ts'
import { insertAccount, newId } from '../support/records.ts'

const { database, pool, url } = await testDatabase()

const endings: (() => Promise<unknown>)[] = []
afterAll(() => Promise.all(endings.map((end) => end())))

const connectTo = (databaseUrl: string) => {
  const connection = connectDatabase({
    url: databaseUrl,
    poolSizeMax: 2,
    applicationName: 'spool-test',
    onIdleError: () => undefined,
  })
  endings.push(connection.close)
  return connection
}

const closedPort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** A server that hangs up as soon as it is spoken to. */
const rudePort = async (): Promise<number> => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => socket.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  endings.push(async () => server.close())
  return (server.address() as AddressInfo).port
}

const UNAVAILABLE = { code: 'DATABASE_UNAVAILABLE' }

test('a server that is not there is DATABASE_UNAVAILABLE, in and out of transactions', async () => {
  const gone = connectTo(`postgres://postgres@127.0.0.1:${await closedPort()}/none`)
  const accountId = newId('account')
  const ledger = createLedgerRepository(gone.database)
  await expect(createAccountsRepository(gone.database).find(accountId)).rejects.toMatchObject(
    UNAVAILABLE,
  )
  await expect(ledger.topUp({ accountId, amountCredits: 1, reference: 'x' })).rejects.toMatchObject(
    UNAVAILABLE,
  )
  await expect(
    listenToExecutions({
      pool: gone.pool,
      onExecutionId: () => undefined,
      onReconnect: () => undefined,
      onError: () => undefined,
    }),
  ).rejects.toMatchObject(UNAVAILABLE)
})

test('a server that hangs up while it is asked is DATABASE_UNAVAILABLE', async () => {
  const rude = connectTo(`postgres://postgres@127.0.0.1:${await rudePort()}/none`)
  await expect(
    createAccountsRepository(rude.database).find(newId('account')),
  ).rejects.toMatchObject(UNAVAILABLE)
})

test('a connection that is cut within a transaction undoes it, and the next call works', async () => {
  const cut = connectTo(url)
  const accountId = await insertAccount(database, 5)
  const ledger = createLedgerRepository(cut.database)
  const undone = cut.database.transaction(async (tx) => {
    await ledger.topUp({ accountId, amountCredits: 9, reference: 'cut' }, tx)
    const { rows } = await tx.execute<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    await pool.query('SELECT pg_terminate_backend($1)', [rows[0]!.pid])
    return ledger.balance(accountId, tx)
  })
  await expect(undone).rejects.toThrow(/query|connection|DATABASE_UNAVAILABLE/i)
  expect(await ledger.balance(accountId)).toMatchObject({ posted: 5 })
  expect(await ledger.audit()).toEqual([])
})

test('a mistake of ours is not taken for an absent server', async () => {
  const orphan = {
    id: newId('apiKey'),
    accountId: newId('account'),
    name: 'x',
    keyHash: 'x',
    keyStart: 'x',
  }
  await expect(createApiKeysRepository(database).insert(orphan)).rejects.not.toMatchObject(
    UNAVAILABLE,
  )
})

test('pooled connections that are dropped while idle do not end the process', async () => {
  const idle = connectTo(url)
  const { rows } = await idle.pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  const dropped = once(idle.pool, 'error')
  await pool.query('SELECT pg_terminate_backend($1)', [rows[0]!.pid])
  await dropped
  expect((await idle.pool.query('SELECT 1')).rowCount).toBe(1)
})
