import { createServer } from 'node:net'

const HOST = '127.0.0.1'

/** A TCP port of 127.0.0.1 that nothing listens on at the moment. */
export async function freePort(): Promise<number> {
  const port = await tryToListen(0)
  if (port === null) throw new Error('The system has no free TCP port.')
  return port
}

/**
 * The port to use for one part: a free one for 0, else the asked one after a look that it is free.
 * Throws one sentence that names the port and the setting that changes it.
 */
export async function claimPort(part: string, setting: string, asked: number): Promise<number> {
  if (asked === 0) return freePort()
  if ((await tryToListen(asked)) !== null) return asked
  throw new Error(
    `Port ${asked}, meant for ${part}, is taken by another program; stop that one, or choose another port with ${setting} (SPOOL_PORT=0 takes free ports for everything).`,
  )
}

function tryToListen(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(null))
    server.listen({ host: HOST, port, exclusive: true }, () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : null))
    })
  })
}
