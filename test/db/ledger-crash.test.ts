import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort } from '../../scripts/stack/ports.ts'
import { startPostgres, type RunningPostgres } from '../../scripts/stack/postgres.ts'
import { connectDatabase, type DatabaseConnection } from '../../src/db/database.ts'
import { migrate } from '../../src/db/migrate.ts'
import { createLedgerRepository } from '../../src/db/repositories/ledger.ts'
import { LedgerModel } from '../support/ledger-model.ts'
import {
  answerOf,
  ledgerOperations,
  type LedgerOperation,
  type RealLedger,
} from '../support/ledger-operations.ts'
import { insertAccount } from '../support/records.ts'

/** Accounts that are worked on at once, and operations on each, one after the other. */
const ACCOUNTS = 6
const OPERATIONS = 120
/** After so many answers the server is killed. */
const KILLED_AFTER = [150, 350]
const START_CREDITS = 40
/** A lost answer shows in the operations of one account only; its seed repeats these. */
const SEED = Date.now() % 2 ** 31

const folder = mkdtempSync(join(tmpdir(), 'spool-ledger-crash-'))
let server: RunningPostgres
let connection: DatabaseConnection
/** Settles when the server is there again. */
let restarted: Promise<void> = Promise.resolve()

const startServer = async (port: number): Promise<void> => {
  server = await startPostgres({
    dataDir: join(folder, 'postgres'),
    logFile: join(folder, 'postgres.log'),
    port,
  })
}

/** Until its parent has heard of its death, the next server takes the dead one for a living one. */
const startAfterDeath = async ({ exited, url }: RunningPostgres): Promise<void> => {
  await exited
  await startServer(Number(new URL(url).port))
}

beforeAll(async () => {
  // PostgreSQL runs as another user when we are root, and must be able to pass through.
  chmodSync(folder, 0o711)
  await startServer(await freePort())
  await migrate(server.url)
  connection = connectDatabase({
    url: server.url,
    poolSizeMax: ACCOUNTS,
    applicationName: 'spool-test',
    onIdleError: () => undefined,
  })
}, 60_000)

afterAll(async () => {
  await connection.close()
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

let answers = 0
let kills = 0
let repeated = 0

const answered = (): void => {
  answers += 1
  if (!KILLED_AFTER.includes(answers)) return
  kills += 1
  restarted = startAfterDeath(server)
  process.kill(server.pid, 'SIGKILL')
}

/** Asks until there is an answer, as a workflow's activity does; an answer that got lost on the way is
 * the second one then. */
const insist = async (
  { label, onModel, onReal }: LedgerOperation,
  model: LedgerModel,
  real: RealLedger,
): Promise<void> => {
  const expected = [onModel(model, real)]
  for (;;) {
    const answer = await answerOf(onReal(real))
    if (answer !== 'DATABASE_UNAVAILABLE') {
      expect(expected, `${label}, seed ${SEED}`).toContainEqual(answer)
      return answered()
    }
    repeated += 1
    expected[1] = onModel(model, real)
    await restarted
  }
}

test('a server that is killed in the middle loses nothing that it has answered', async () => {
  const ledger = createLedgerRepository(connection.database)
  const plans = fc.sample(
    fc.array(fc.oneof(...ledgerOperations), { minLength: OPERATIONS, maxLength: OPERATIONS }),
    { numRuns: ACCOUNTS, seed: SEED },
  )
  await Promise.all(
    plans.map(async (plan) => {
      const accountId = await insertAccount(connection.database, START_CREDITS)
      const real = { ledger, accountId }
      const model = new LedgerModel()
      model.topUp('start', START_CREDITS)
      for (const operation of plan) await insist(operation, model, real)
      const { posted, held, available } = model
      expect(await ledger.balance(accountId), `seed ${SEED}`).toEqual({ posted, held, available })
    }),
  )
  expect(await ledger.audit()).toEqual([])
  expect(kills).toBe(KILLED_AFTER.length)
  expect(repeated).toBeGreaterThan(0)
  // Connections that broke are no longer counted as being in use.
  expect(connection.pool.idleCount).toBe(connection.pool.totalCount)
}, 120_000)
