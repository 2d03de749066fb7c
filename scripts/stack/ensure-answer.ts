import { once } from 'node:events'
import { connect } from 'node:net'

const TIMEOUT_MS = 5_000

/** Throws one sentence with the setting's name when nobody listens at `address`, a `host:port`. */
export async function ensureAnswer(variable: string, address: string): Promise<void> {
  const { hostname, port } = URL.parse(`tcp://${address}`) ?? { hostname: '', port: '' }
  if (hostname === '' || port === '') {
    throw new Error(
      `${variable} is ${address}, which is no host and port; for example 127.0.0.1:7233.`,
    )
  }
  const socket = connect({ host: hostname, port: Number(port) })
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(TIMEOUT_MS) })
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new Error(`Nobody answers at ${variable} (${address}): ${why}.`, { cause: error })
  } finally {
    socket.destroy()
  }
}
