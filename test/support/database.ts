import { createHash, randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import pg from 'pg'
import { afterAll } from 'vitest'
import { connectDatabase, type DatabaseConnection } from '../../src/db/database.ts'
import { migrate } from '../../src/db/migrate.ts'

/** Test files run side by side; only one of them makes the template. */
const TEMPLATE_LOCK = 7_031_002

const MIGRATIONS = new URL('../../drizzle/', import.meta.url)

/** A server for tests, of which any database may be made or dropped. */
const serverUrl = (): URL => {
  const url = process.env['TEST_DATABASE_URL']
  if (url === undefined) throw new Error('TEST_DATABASE_URL names no PostgreSQL: run `npm test`')
  return new URL(url)
}

const urlOf = (databaseName: string): string => {
  const url = serverUrl()
  url.pathname = `/${databaseName}`
  return url.href
}

const onServer = async <T>(run: (client: pg.Client) => Promise<T>): Promise<T> => {
  const client = new pg.Client({ connectionString: serverUrl().href })
  await client.connect()
  try {
    return await run(client)
  } finally {
    await client.end()
  }
}

/** Named after what the migrations say, so that a changed migration makes a new template. */
const templateName = async (): Promise<string> => {
  const hash = createHash('sha256')
  for (const file of (await readdir(MIGRATIONS))
    .filter((name) => name.endsWith('.sql'))
    .toSorted()) {
    hash.update(await readFile(new URL(file, MIGRATIONS)))
  }
  return `spool_template_${hash.digest('hex').slice(0, 12)}`
}

const ensureTemplate = async (client: pg.Client, name: string): Promise<void> => {
  await client.query('SELECT pg_advisory_lock($1)', [TEMPLATE_LOCK])
  const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name])
  if (rowCount === 0) {
    // Made under another name first: a template that exists is a finished one.
    const unfinished = `${name}_unfinished`
    await client.query(`DROP DATABASE IF EXISTS ${unfinished} WITH (FORCE)`)
    await client.query(`CREATE DATABASE ${unfinished}`)
    await migrate(urlOf(unfinished))
    await client.query(`ALTER DATABASE ${unfinished} RENAME TO ${name}`)
  }
  await client.query('SELECT pg_advisory_unlock($1)', [TEMPLATE_LOCK])
}

export interface TestDatabase extends DatabaseConnection {
  readonly url: string
}

/**
 * A fresh, migrated database of its own for the calling test file, cloned from a template, and
 * dropped after its tests. Call it at the top of the file: `const { database } = await testDatabase()`.
 */
export const testDatabase = async (
  options: { readonly poolSizeMax?: number } = {},
): Promise<TestDatabase> => {
  const template = await templateName()
  return await createDatabase(options, async (client, name) => {
    await ensureTemplate(client, template)
    await client.query(`CREATE DATABASE ${name} TEMPLATE ${template}`)
  })
}

/** A database without any table, dropped after the file's tests: for those who migrate it themselves.
 * Call it at the top of the file. */
export const emptyDatabase = (): Promise<TestDatabase> =>
  createDatabase({}, async (client, name) => {
    await client.query(`CREATE DATABASE ${name}`)
  })

const createDatabase = async (
  { poolSizeMax = 8 }: { readonly poolSizeMax?: number },
  create: (client: pg.Client, name: string) => Promise<void>,
): Promise<TestDatabase> => {
  const name = `spool_test_${randomBytes(6).toString('hex')}`
  await onServer((client) => create(client, name))
  const url = urlOf(name)
  const connection = connectDatabase({
    url,
    poolSizeMax,
    applicationName: 'spool-test',
    onIdleError: () => undefined,
  })
  afterAll(async () => {
    await connection.close()
    await onServer((client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`))
  })
  return { ...connection, url }
}
