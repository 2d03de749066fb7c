import { DrizzleQueryError } from 'drizzle-orm'
import pg from 'pg'
import { MediaError } from '../domain/failures.ts'

/** What Node says of a connection that cannot be made or has gone. */
const NETWORK_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
])

/**
 * SQLSTATEs of a server that is there but cannot work: 08 connection, 53 out of resources, 57P
 * shutting down or starting up; 55P03 and 57014 are our own lock and statement time limits. With 28 and
 * 3D000 it refuses our password or has no such database, until somebody mends that.
 */
const UNAVAILABLE_STATE = /^(08...|28...|3D000|53...|57P0[1-5]|55P03|57014)$/

/** The driver gives these no code. */
const DRIVER_MESSAGE =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/

const isUnavailable = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (NETWORK_CODES.has(code) || UNAVAILABLE_STATE.test(code)) return true
  return DRIVER_MESSAGE.test(error.message) || isUnavailable(error.cause)
}

/**
 * DATABASE_UNAVAILABLE for everything that goes away by itself. A query that failed otherwise is a mistake of
 * ours: INTERNAL, in the server's words, but without the values it was made with and without the rows that the
 * server quotes. They are customers', there are secrets among them, and errors get into logs and histories.
 * Any other error stays as it is.
 */
export const databaseFailure = (error: unknown): unknown => {
  if (error instanceof MediaError) return error
  const fault = error instanceof DrizzleQueryError ? error.cause : error
  if (isUnavailable(error)) {
    return new MediaError('DATABASE_UNAVAILABLE', String(fault), { cause: fault })
  }
  if (error instanceof DrizzleQueryError) {
    return new MediaError('INTERNAL', `${wordsOf(fault)} in: ${error.query}`)
  }
  return fault instanceof pg.DatabaseError ? new MediaError('INTERNAL', wordsOf(fault)) : error
}

const wordsOf = (fault: unknown): string =>
  fault instanceof pg.DatabaseError ? `${fault.code} ${fault.message}` : String(fault)

/**
 * The same repository, whose functions throw `databaseFailure`s. It lies around whole operations and
 * not around the driver, because a failed rollback hides the error that the driver had thrown.
 */
export const withDatabaseFailures = <R extends object>(repository: R): R =>
  Object.fromEntries(
    Object.entries(repository).map(([name, operation]) => [
      name,
      async (...input: unknown[]): Promise<unknown> => {
        try {
          return await operation(...input)
        } catch (error) {
          throw databaseFailure(error)
        }
      },
    ]),
  ) as R
