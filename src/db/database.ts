import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres'
import pg from 'pg'
import * as schema from './schema/index.ts'

/** `$client` is for statements that are prepared by name. */
export type Database = NodePgDatabase<typeof schema> & { readonly $client: pg.Pool }

/** What runs inside `database.transaction`; repositories accept either. */
export type Transaction = Parameters<Parameters<Database['transaction']>[0]>[0]
export type Queryable = Database | Transaction

export interface DatabaseConnection {
  readonly database: Database
  readonly pool: pg.Pool
  readonly close: () => Promise<void>
}

/**
 * Opens a pool. Idle connections that the server drops are replaced, not fatal: without an `error`
 * listener a restart of PostgreSQL would end this process.
 */
export const connectDatabase = (options: {
  url: string
  poolSizeMax: number
  applicationName: string
  onIdleError: (error: Error) => void
}): DatabaseConnection => {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.poolSizeMax,
    application_name: options.applicationName,
    connectionTimeoutMillis: 5_000,
    statement_timeout: 15_000,
    lock_timeout: 10_000,
    idle_in_transaction_session_timeout: 15_000,
  })
  pool.on('error', options.onIdleError)
  // The pool listens to idle connections only. One that is lost within a transaction rejects the
  // statement that runs or comes next; without a listener of its own it would end this process too.
  pool.on('connect', (client) => client.on('error', () => undefined))
  const database = givingBackConnections(drizzle(pool, { schema }), pool)
  return { database, pool, close: () => pool.end() }
}

/**
 * Drizzle's own transactions keep a connection for ever that breaks at their BEGIN, so that every
 * restart of PostgreSQL would cost some of the pool until none is left. Here it is given back however
 * the transaction ends, and the pool throws broken ones away.
 */
const givingBackConnections = (database: Database, pool: pg.Pool): Database => {
  const sessions = new WeakMap<pg.PoolClient, NodePgDatabase<typeof schema>>()
  const sessionOf = (client: pg.PoolClient): NodePgDatabase<typeof schema> => {
    const session = sessions.get(client) ?? drizzle(client, { schema })
    sessions.set(client, session)
    return session
  }
  const transaction: Database['transaction'] = async (run, config) => {
    const client = await pool.connect()
    try {
      return await sessionOf(client).transaction(run, config)
    } finally {
      client.release()
    }
  }
  return Object.assign(database, { transaction })
}

/** Asks questions whose answers have to fit together: all of them see what one moment saw. */
export const inSnapshot = <T>(
  database: Database,
  ask: (tx: Transaction) => Promise<T>,
): Promise<T> =>
  database.transaction(ask, { isolationLevel: 'repeatable read', accessMode: 'read only' })
