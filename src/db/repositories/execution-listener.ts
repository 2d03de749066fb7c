import pg from 'pg'
import { databaseFailure } from '../failures.ts'

const CHANNEL = 'execution_events'
const RECONNECT_DELAY_MS_MIN = 200
const RECONNECT_DELAY_MS_MAX = 5_000

export interface ExecutionListener {
  readonly close: () => Promise<void>
}

export interface ListenOptions {
  /** Its settings are used, none of its connections: a listener keeps one for itself. */
  readonly pool: pg.Pool
  /** An execution, which belongs to the account, has new events. */
  readonly onNews: (executionId: string, accountId: string) => void
  /** The connection is back: whatever happened meanwhile was not announced and must be read. */
  readonly onReconnect: () => void
  readonly onError: (error: Error) => void
}

const asError = (error: unknown): Error =>
  error instanceof Error ? error : new Error(String(error))

/**
 * Hears of new execution events on one connection of its own, which is made again whenever it is
 * lost. Resolves when it listens. *Errors:* DATABASE_UNAVAILABLE when the first connection fails.
 */
export const listenToExecutions = async (options: ListenOptions): Promise<ExecutionListener> => {
  const { pool, onNews, onReconnect, onError } = options
  let current: pg.Client | null = null
  let retry: NodeJS.Timeout | undefined
  let closed = false

  const connect = async (): Promise<void> => {
    const client = new pg.Client({
      ...pool.options,
      keepAlive: true,
      // Left to the system a connection that died without a word is asked after two hours.
      keepAliveInitialDelayMillis: 30_000,
    })
    client.on('error', onError)
    client.on('notification', ({ payload }) => {
      const [executionId, accountId] = payload?.split(' ') ?? []
      if (executionId !== undefined && accountId !== undefined) onNews(executionId, accountId)
    })
    try {
      await client.connect()
      await client.query(`LISTEN ${CHANNEL}`)
    } catch (error) {
      await client.end().catch(() => undefined)
      throw error
    }
    if (closed) return client.end()
    current = client
    client.once('end', () => {
      current = null
      reconnectAfter(RECONNECT_DELAY_MS_MIN)
    })
  }

  const reconnectAfter = (delayMs: number): void => {
    if (closed) return
    retry = setTimeout(() => {
      connect().then(onReconnect, (error: unknown) => {
        onError(asError(error))
        reconnectAfter(Math.min(delayMs * 2, RECONNECT_DELAY_MS_MAX))
      })
    }, delayMs)
  }

  await connect().catch((error: unknown) => {
    throw databaseFailure(error)
  })
  return {
    close: async () => {
      closed = true
      clearTimeout(retry)
      await current?.end()
    },
  }
}
