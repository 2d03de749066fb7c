import type { WebSocket } from '@fastify/websocket'
import type { FastifyBaseLogger } from 'fastify'
import { LIVE_CLOSE } from '../../contracts/http/live.ts'
import type { RouteContext } from '../routes/route-context.ts'
import { followAccount, type LiveWish } from './follow-account.ts'
import { livePeer } from './live-peer.ts'

/** Seats the live connections of this process: so many for each account. */
export const createLiveDesk = (context: RouteContext) => {
  const { settings, apiMetrics } = context
  const open = new Map<string, number>()

  const seat = (accountId: string, change: 1 | -1): void => {
    const count = (open.get(accountId) ?? 0) + change
    if (count === 0) open.delete(accountId)
    else open.set(accountId, count)
    apiMetrics.liveConnections.inc(change)
  }

  return {
    /** Serves a connection to its end, which is never an error: a client comes back after it. */
    serve: async (socket: WebSocket, wish: LiveWish, log: FastifyBaseLogger): Promise<void> => {
      const { accountId } = wish
      if ((open.get(accountId) ?? 0) >= settings.liveConnectionsMax) {
        return socket.close(LIVE_CLOSE.tooMany, 'too many connections of one account')
      }
      seat(accountId, 1)
      const peer = livePeer(socket, settings.eventHeartbeatMs)
      log.info({ accountId, since: wish.since }, 'a live connection was opened')
      socket.once('close', (code) => {
        seat(accountId, -1)
        log.info({ accountId, code }, 'a live connection was closed')
      })
      try {
        await followAccount(context, peer, wish)
      } catch (error) {
        if (peer.gone.aborted || socket.readyState !== socket.OPEN) return
        log.error({ err: error, accountId }, 'a live connection failed')
        peer.close(LIVE_CLOSE.failed, 'come back with since')
      }
    },
  }
}
