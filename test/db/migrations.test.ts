import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { drizzle } from 'drizzle-orm/node-postgres'
import { migrate as applyMigrations } from 'drizzle-orm/node-postgres/migrator'
import { execa } from 'execa'
import { afterAll, expect, test } from 'vitest'
import { migrate } from '../../src/db/migrate.ts'
import { emptyDatabase, testDatabase } from '../support/database.ts'

const { pool, url } = await testDatabase()
const older = await emptyDatabase()
const folder = await mkdtemp(join(tmpdir(), 'spool-migrations-'))
afterAll(() => rm(folder, { recursive: true }))

test('the migrations say what the schema says', async () => {
  await cp('drizzle', folder, { recursive: true })
  const before = await readdir(folder)
  const generate = ['generate', '--dialect', 'postgresql', '--schema', './src/db/schema/index.ts']
  // drizzle-kit takes folders relative to the working one only.
  const out = ['--out', relative(process.cwd(), folder)]
  const { stdout } = await execa('drizzle-kit', [...generate, ...out], { preferLocal: true })
  expect(stdout).toContain('No schema changes')
  expect(await readdir(folder)).toEqual(before)
}, 30_000)

test('migrating again, also several times at once, changes nothing', async () => {
  const applied = async () => {
    const { rows } = await pool.query('SELECT * FROM drizzle.__drizzle_migrations ORDER BY id')
    return rows
  }
  const before = await applied()
  await Promise.all([migrate(url), migrate(url), migrate(url)])
  expect(await applied()).toEqual(before)
  expect(before.length).toBeGreaterThan(0)
})

/** The migrations up to one of them, as an older version had them. */
const migrationsUpTo = async (name: string): Promise<string> => {
  const migrations = join(folder, name)
  await cp('drizzle', migrations, { recursive: true })
  const journal = join(migrations, 'meta', '_journal.json')
  const { entries, ...head } = JSON.parse(await readFile(journal, 'utf8')) as {
    readonly entries: readonly { readonly tag: string }[]
  }
  const last = entries.findIndex(({ tag }) => tag === name)
  expect(last).toBeGreaterThan(-1)
  await writeFile(journal, JSON.stringify({ ...head, entries: entries.slice(0, last + 1) }))
  return migrations
}

test('events of an older version are found by their accounts, under the numbers they had', async () => {
  const migrationsFolder = await migrationsUpTo('0005_own_webhooks')
  await applyMigrations(drizzle(older.pool), { migrationsFolder })
  await older.pool.query(`
    INSERT INTO accounts (id, name, plan, webhook_secret)
      SELECT 'acct_' || n, 'Account', 'pro', 'whsec_test' FROM generate_series(1, 2) AS n;
    INSERT INTO executions (id, account_id, pipeline, subject_id, workflow_id, status)
      SELECT 'exec_' || n, 'acct_' || n, 'stream', 'med_' || n, 'stream-exec_' || n, 'completed'
      FROM generate_series(1, 2) AS n;
    INSERT INTO execution_events (execution_id, type, data)
      SELECT 'exec_' || (1 + n % 2), 'execution.status', '{}' FROM generate_series(1, 6) AS n`)
  const events = async (columns: string) => {
    const { rows } = await older.pool.query(
      `SELECT ${columns} FROM execution_events ORDER BY sequence`,
    )
    return rows as readonly Readonly<Record<string, unknown>>[]
  }
  const before = await events('sequence, execution_id')
  await migrate(older.url)
  expect(await events('sequence, execution_id')).toEqual(before)
  for (const { execution_id: executionId, account_id: accountId } of await events('*')) {
    expect(accountId).toBe(String(executionId).replace('exec', 'acct'))
  }
  await older.pool.query(`INSERT INTO execution_events (execution_id, account_id, type, data)
    VALUES ('exec_1', 'acct_1', 'execution.status', '{}')`)
  const [newest] = (await events('sequence')).slice(-1)
  expect(Number(newest?.['sequence'])).toBeGreaterThan(Number(before.at(-1)?.['sequence']))
})

test('a database that is not there is named, without its password', async () => {
  const asked = migrate('postgres://spool:hidden@127.0.0.1:1/films')
  await expect(asked).rejects.toThrow(
    /^The database of DATABASE_URL \(127\.0\.0\.1:1\/films\) cannot/,
  )
  await expect(asked).rejects.not.toThrow('hidden')
})
