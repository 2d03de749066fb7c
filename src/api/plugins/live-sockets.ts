import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import websocket from '@fastify/websocket'
import fastifyPlugin from 'fastify-plugin'
import { LIVE_CLOSE, LIVE_PROTOCOL } from '../../contracts/http/live.ts'

/** A ping is all that clients say. */
const MESSAGE_SIZE_BYTES_MAX = 1_024
/** How long a closing server waits for the goodbyes of its clients. */
const GOODBYE_MS = 2_000

const LIVE_PATH = '/v1/live'

/**
 * Which requests may become a WebSocket. All others are answered as if they had not asked for it, as the
 * standard has it: some clients offer an upgrade (to HTTP/2) with every request.
 */
export const isLiveUpgrade = ({ method, url, headers }: IncomingMessage): boolean =>
  method === 'GET' &&
  url?.split('?', 1)[0] === LIVE_PATH &&
  headers.upgrade?.toLowerCase() === 'websocket'

/** WebSockets, whose clients are told when the server goes. */
export const liveSockets = fastifyPlugin(async (app) => {
  await app.register(websocket, {
    options: {
      maxPayload: MESSAGE_SIZE_BYTES_MAX,
      // Never a ticket, whatever stands first.
      handleProtocols: (offered) => (offered.has(LIVE_PROTOCOL) ? LIVE_PROTOCOL : false),
      // By us, and not to whoever does not read.
      autoPong: false,
    },
    preClose: async () => {
      const { clients } = app.websocketServer
      const closed = [...clients].map((client) => once(client, 'close'))
      for (const client of clients) client.close(LIVE_CLOSE.goingAway, 'the server goes')
      const timer = setTimeout(() => {
        for (const client of clients) client.terminate()
      }, GOODBYE_MS)
      await Promise.all(closed)
      clearTimeout(timer)
      app.websocketServer.close()
    },
    errorHandler: (error, socket, request) => {
      request.log.info({ err: error }, 'a live connection broke')
      socket.terminate()
    },
  })
})
