import { LIVE_CLOSE, liveRequest } from '../../contracts/http/live.ts'
import type { WebSocket } from '@fastify/websocket'

/** A client on the other end of a live connection. */
export interface LivePeer {
  /** Resolves when the network has taken the message, so that whoever waits for it keeps no more than
   * one at a time; rejects when the connection is gone. */
  readonly send: (message: object) => Promise<void>
  readonly close: (code: number, reason: string) => void
  /** Aborted when the connection is gone. */
  readonly gone: AbortSignal
}

/** A pong may be on its way when the next ping is due. */
const PINGS_UNANSWERED_MAX = 2

/** Text of ours waits for the network. */
const isBusy = (socket: WebSocket): boolean => socket.bufferedAmount > 0

/**
 * Looks after a connection: every `heartbeatMs` it is pinged. One that leaves two pings unanswered is
 * dropped; one that does not take a message for a whole interval is closed as too slow, for what it
 * misses is in the table and it can come back for it. What it says is judged; all but a ping closes.
 */
export const livePeer = (socket: WebSocket, heartbeatMs: number): LivePeer => {
  const gone = new AbortController()
  const close: LivePeer['close'] = (code, reason) => socket.close(code, reason)
  let sentCount = 0
  let takenCount = 0
  let unanswered = 0
  let stuckAt: number | null = null

  const beat = setInterval(() => {
    if (takenCount < sentCount) {
      if (stuckAt === takenCount) close(LIVE_CLOSE.tooSlow, 'too slow: come back with since')
      stuckAt = takenCount
      return
    }
    stuckAt = null
    if (unanswered >= PINGS_UNANSWERED_MAX) return socket.terminate()
    unanswered += 1
    socket.ping()
  }, heartbeatMs)

  socket.on('pong', () => {
    unanswered = 0
  })
  // Answers to one who does not read them would pile up.
  socket.on('ping', (data) => {
    if (!isBusy(socket)) socket.pong(data)
  })
  socket.on('message', (data, isBinary) => {
    unanswered = 0
    if (isBinary) return close(LIVE_CLOSE.notText, 'text only')
    if (!isPing(data)) return close(LIVE_CLOSE.notUnderstood, 'not understood')
    if (!isBusy(socket)) socket.send(JSON.stringify({ type: 'live.pong' }))
  })
  socket.once('close', () => {
    clearInterval(beat)
    gone.abort()
  })
  return {
    gone: gone.signal,
    close,
    send: async (message) => {
      sentCount += 1
      await new Promise<void>((resolve, reject) => {
        socket.send(JSON.stringify(message), (error) => {
          if (error) return reject(error)
          takenCount += 1
          resolve()
        })
      })
    },
  }
}

const isPing = (data: unknown): boolean => {
  try {
    return liveRequest.safeParse(JSON.parse(Buffer.isBuffer(data) ? data.toString() : '')).success
  } catch {
    return false
  }
}
