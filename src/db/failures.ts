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
 * shutting down or starting up; 55P03 and 57014 are our own lock and statement time limits.
 */
const UNAVAILABLE_STATE = /^(08...|53...|57P0[1-5]|55P03|57014)$/

/** The driver gives these no code. */
const DRIVER_MESSAGE =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/

const isUnavailable = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (NETWORK_CODES.has(code) || UNAVAILABLE_STATE.test(code)) return true
  return DRIVER_MESSAGE.test(error.message) || isUnavailable(error.cause)
}

/** DATABASE_UNAVAILABLE for everything that goes away by itself; any other error as it is. */
export const databaseFailure = (error: unknown): unknown => {
  if (error instanceof MediaError || !isUnavailable(error)) return error
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return new MediaError('DATABASE_UNAVAILABLE', String(cause), { cause: error })
}

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
