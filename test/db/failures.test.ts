import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { sql } from 'drizzle-orm'
import { afterAll, expect, test } from 'vitest'
import { connectDatabase } from '../../src/db/database.ts'
import { withDatabaseFailures } from '../../src/db/failures.ts'
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
      onNews: () => undefined,
      onReconnect: () => undefined,
      onError: () => undefined,
    }),
  ).rejects.toMatchObject(UNAVAILABLE)
})

test.each([
  ['a user whom the server does not let in', { username: 'nobody' }, /"nobody"/],
  ['a database that is not there', { pathname: '/nowhere' }, /database "nowhere"/],
])('%s is DATABASE_UNAVAILABLE, and said by name', async (_, change, message) => {
  const refused = connectTo(Object.assign(new URL(url), change).toString())
  const finding = createAccountsRepository(refused.database).find(newId('account'))
  await expect(finding).rejects.toMatchObject(UNAVAILABLE)
  await expect(finding).rejects.toHaveProperty('cause.message', expect.stringMatching(message))
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

test('a mistake of ours is not taken for an absent server, and is told without the values', async () => {
  const orphan = {
    id: newId('apiKey'),
    accountId: newId('account'),
    name: 'a secret value',
    keyHash: 'a secret hash',
    keyStart: 'x',
  }
  const failure: unknown = await createApiKeysRepository(database)
    .insert(orphan)
    .catch((error: unknown) => error)
  expect(failure).toMatchObject({ code: 'INTERNAL' })
  const told = inspect(failure, { depth: Infinity })
  expect(told).toMatch(/23503 .*foreign key constraint.* in: insert into "api_keys"/s)
  expect(told).not.toMatch(/a secret|acct_/)
})

test('a query that outlives its time limit is DATABASE_UNAVAILABLE, and is told without the values', async () => {
  const repository = withDatabaseFailures({
    wait: () =>
      database.transaction(async (tx) => {
        await tx.execute(sql`SET LOCAL statement_timeout = 1`)
        await tx.execute(sql`SELECT pg_sleep(10), ${'a secret value'}::text`)
      }),
  })
  const failure: unknown = await repository.wait().catch((error: unknown) => error)
  expect(failure).toMatchObject(UNAVAILABLE)
  expect(inspect(failure, { depth: Infinity })).not.toContain('a secret')
})

test('pooled connections that are dropped while idle do not end the process', async () => {
  const idle = connectTo(url)
  const { rows } = await idle.pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  const dropped = once(idle.pool, 'error')
  await pool.query('SELECT pg_terminate_backend($1)', [rows[0]!.pid])
  await dropped
  expect((await idle.pool.query('SELECT 1')).rowCount).toBe(1)
})
