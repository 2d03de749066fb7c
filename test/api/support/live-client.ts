import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

/** A message of the live channel. */
export interface LiveMessage {
  readonly type: string
  readonly id: number
  readonly executionId?: string
  readonly data?: Readonly<Record<string, unknown>>
}

export interface LiveClient {
  readonly socket: WebSocket
  /** Grows while the connection is open; without `live.ready`. */
  readonly messages: LiveMessage[]
  /** The first message. */
  readonly ready: Promise<LiveMessage>
  /** The code with which it was closed. */
  readonly closed: Promise<number>
}

interface Opening {
  readonly protocols?: readonly string[]
  readonly headers?: Readonly<Record<string, string>>
}

/** Connects with Node's own client, which is the one of browsers but for the headers. */
export const openLive = (url: string, { protocols = [], headers = {} }: Opening): LiveClient => {
  // Its types are those of browsers, which know no headers.
  const init = { protocols: [...protocols], headers } as unknown as string[]
  const socket = new WebSocket(url.replace(/^http/, 'ws'), init)
  const messages: LiveMessage[] = []
  const ready = Promise.withResolvers<LiveMessage>()
  const closed = Promise.withResolvers<number>()
  ready.promise.catch(() => undefined)
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(String(data)) as LiveMessage
    if (message.type === 'live.ready') ready.resolve(message)
    else messages.push(message)
  })
  socket.addEventListener('close', ({ code }) => {
    ready.reject(new Error(`closed with ${code}`))
    closed.resolve(code)
  })
  return { socket, messages, ready: ready.promise, closed: closed.promise }
}

/** The same by hand: a client that reads when it is told to, and answers nothing. */
export const openMute = async (
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<{ readonly answer: IncomingMessage; readonly socket: Socket | null }> => {
  const asked = request(url, {
    headers: {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': Buffer.from('sixteen bytes ok').toString('base64'),
      ...headers,
    },
  })
  const upgraded = once(asked, 'upgrade').then(([answer, socket, head]) => {
    const own = socket as Socket
    own.pause()
    own.unshift(head as Buffer)
    return { answer: answer as IncomingMessage, socket: own }
  })
  const refused = once(asked, 'response').then(([answer]) => {
    const own = answer as IncomingMessage
    own.resume()
    return { answer: own, socket: null }
  })
  asked.end()
  return await Promise.race([upgraded, refused])
}

/** A sign of life, as a client sends it: masked, with nothing in it. */
export const PONG = Buffer.from([0x8a, 0x80, 0, 0, 0, 0])

/** Frames as a server sends them, unmasked. */
export const framesIn = (bytes: Buffer): readonly { opcode: number; payload: Buffer }[] => {
  const frames: { opcode: number; payload: Buffer }[] = []
  let at = 0
  while (at + 2 <= bytes.length) {
    const short = bytes[at + 1]! & 0x7f
    const wide = short === 126 ? 2 : short === 127 ? 8 : 0
    const start = at + 2 + wide
    if (start > bytes.length) break
    const length =
      wide === 2
        ? bytes.readUInt16BE(at + 2)
        : wide === 8
          ? Number(bytes.readBigUInt64BE(at + 2))
          : short
    if (start + length > bytes.length) break
    frames.push({ opcode: bytes[at]! & 0x0f, payload: bytes.subarray(start, start + length) })
    at = start + length
  }
  return frames
}
