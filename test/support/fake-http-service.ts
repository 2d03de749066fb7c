import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface RecordedRequest {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export interface FakeAnswer {
  readonly status?: number
  readonly headers?: Record<string, string>
  readonly body?: string | Uint8Array
  /** No answer comes until the service is closed. */
  readonly isSilent?: boolean
}

export interface FakeHttpService {
  readonly baseUrl: string
  readonly port: number
  /** Everything that arrived, in order. */
  readonly requests: RecordedRequest[]
  close(): Promise<void>
}

/** A server on a free loopback port; `answer` returns null to cut the connection without a word. */
export async function startFakeHttpService(
  answer: (request: RecordedRequest) => FakeAnswer | null,
): Promise<FakeHttpService> {
  const requests: RecordedRequest[] = []
  const server = createServer((incoming: IncomingMessage, outgoing: ServerResponse) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      const request: RecordedRequest = {
        method: incoming.method ?? '',
        url: incoming.url ?? '',
        headers: incoming.headers,
        body: Buffer.concat(chunks).toString(),
      }
      requests.push(request)
      const reply = answer(request)
      if (reply === null) {
        incoming.socket.destroy()
        return
      }
      if (reply.isSilent === true) return
      outgoing.writeHead(reply.status ?? 200, reply.headers ?? {})
      outgoing.end(reply.body ?? '')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    port,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** A loopback port on which nothing listens. */
export async function closedPort(): Promise<number> {
  const service = await startFakeHttpService(() => ({}))
  await service.close()
  return service.port
}
