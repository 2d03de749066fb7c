import { Client, Connection } from '@temporalio/client'
import { loadClientConnectConfig } from '@temporalio/envconfig'
import { NativeConnection } from '@temporalio/worker'
import type { Settings } from '../config/settings.ts'
import { StartFailure } from './run-program.ts'

/** On loopback and in one data centre compressing costs more than it saves: 9 % of the CPU. */
const NO_COMPRESSION = { grpcCompression: { codec: 'none' } } as const

/** Where Temporal is, by its own standard settings (TEMPORAL_ADDRESS, a TOML profile, TLS, API key). */
const where = (settings: Settings) => {
  const { connectionOptions, namespace } = loadClientConnectConfig()
  return {
    connectionOptions,
    namespace: settings.SPOOL_TEMPORAL_NAMESPACE ?? namespace ?? 'default',
  }
}

/** A client for the API. The first call connects, so that the API starts while Temporal is away. */
export const openTemporalClient = (settings: Settings): Client => {
  const { connectionOptions, namespace } = where(settings)
  const connection = Connection.lazy(connectionOptions)
  return new Client({ connection, namespace })
}

/** A connection for workers, and a client that shares it (which lets workflows start eagerly). Throws a
 * `StartFailure` if Temporal cannot be reached. */
export const openWorkerConnection = async (settings: Settings) => {
  const { connectionOptions, namespace } = where(settings)
  const connection = await NativeConnection.connect({
    ...connectionOptions,
    ...NO_COMPRESSION,
  }).catch((cause: unknown) => {
    const address = connectionOptions.address ?? 'localhost:7233'
    const reason = `Temporal cannot be reached at ${address}: start it there, or correct TEMPORAL_ADDRESS.`
    throw new StartFailure(reason, { cause })
  })
  return { connection, namespace, client: new Client({ connection, namespace }) }
}
