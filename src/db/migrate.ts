import { fileURLToPath } from 'node:url'
import { drizzle } from 'drizzle-orm/node-postgres'
import { migrate as applyMigrations } from 'drizzle-orm/node-postgres/migrator'
import pg from 'pg'

/** Any fixed number: two processes that migrate at once take turns by this advisory lock. */
const MIGRATION_LOCK = 7_031_001

const unreachable = (url: string, cause: unknown): Error => {
  // The host and the database only: in between stands a password.
  const { host, pathname } = URL.parse(url) ?? { host: 'an address that is no URL', pathname: '' }
  const why = cause instanceof Error ? cause.message : String(cause)
  return new Error(
    `The database of DATABASE_URL (${host}${pathname}) cannot be opened: ${why}. Is PostgreSQL running there?`,
    { cause },
  )
}

/** Brings the database at `url` to the newest schema. Safe to run by several processes at once.
 * *Errors:* one sentence that names the host when the database cannot be opened. */
export const migrate = async (url: string): Promise<void> => {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 })
  await client.connect().catch((error: unknown) => {
    throw unreachable(url, error)
  })
  try {
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK])
    await applyMigrations(drizzle(client), {
      migrationsFolder: fileURLToPath(new URL('../../drizzle', import.meta.url)),
    })
  } finally {
    await client.end()
  }
}
