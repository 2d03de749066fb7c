import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What stands before a server and counts what is fetched from it. */
export interface CountingProxy {
  readonly url: string
  /** How often a path was fetched (GET), by path without query; answers that are no success do not count. */
  readonly fetched: ReadonlyMap<string, number>
  readonly close: () => Promise<void>
}

/** Passes every request on as it is; signatures hold, for the name of the host stays the proxy's. */
export const startCountingProxy = async (targetUrl: string): Promise<CountingProxy> => {
  const target = new URL(targetUrl)
  const fetched = new Map<string, number>()
  const server = createServer((incoming, answer) => {
    const { method, url = '/', headers } = incoming
    const { hostname, port } = target
    const outgoing = request({ hostname, port, method, path: url, headers }, (response) => {
      const { statusCode = 502 } = response
      const path = url.split('?')[0] ?? ''
      if (method === 'GET' && statusCode < 300) fetched.set(path, (fetched.get(path) ?? 0) + 1)
      answer.writeHead(statusCode, response.headers)
      response.pipe(answer)
    })
    outgoing.on('error', (error) => answer.destroy(error))
    incoming.pipe(outgoing)
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fetched,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
