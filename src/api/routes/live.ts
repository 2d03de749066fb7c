import { z } from 'zod'
import {
  liveQuery,
  liveTicket,
  LIVE_PROTOCOL,
  LIVE_TICKET_PREFIX,
} from '../../contracts/http/live.ts'
import { MediaError } from '../../domain/failures.ts'
import { createLiveDesk } from '../live/live-desk.ts'
import { ownExecution } from '../own-executions.ts'
import { accountOf, keyIdOf } from '../plugins/authentication.ts'
import { problems, type Api, type RouteContext } from './route-context.ts'

const PROTOCOL = `A WebSocket with the events of all executions of the account, or of one. Text messages:
\`{"type", "id", "executionId", "data"}\`, with the types and data of \`GET /v1/executions/{id}/events\`, in the order
of their ids. The first is \`{"type": "live.ready", "id"}\`. Whoever comes back with \`since\` misses nothing. A client may
say \`{"type": "ping"}\` and is answered \`{"type": "live.pong"}\`. Close codes: 1001 the server goes, 1003 and 1007 a
message that is none, 1009 too long, 1011 something failed, 4401 the key was revoked, 4408 too slow, 4429 too many
connections. Instead of the API key a page offers the two protocols of a ticket.`

/** Orders tickets. Behind an API key. */
export const liveTicketRoutes = async (app: Api, { liveTickets }: RouteContext): Promise<void> => {
  app.route({
    method: 'POST',
    url: '/live/tickets',
    schema: {
      summary: 'A ticket with which a browser opens /v1/live within a minute',
      tags: ['executions'],
      response: { 201: liveTicket, ...problems(401) },
    },
    handler: async (request, reply) => {
      const { ticket, expiresAt } = liveTickets.issue(keyIdOf(request))
      return await reply
        .code(201)
        .header('cache-control', 'no-store')
        .send({
          ticket,
          protocols: [LIVE_PROTOCOL, `${LIVE_TICKET_PREFIX}${ticket}`],
          expiresAt: expiresAt.toISOString(),
        })
    },
  })
}

/** Everything that happens, as it happens. Behind an API key or a ticket. */
export const liveRoutes = async (app: Api, context: RouteContext): Promise<void> => {
  const desk = createLiveDesk(context)
  app.route({
    method: 'GET',
    url: '/live',
    schema: {
      summary: 'A WebSocket with the events of the account',
      description: PROTOCOL,
      tags: ['executions'],
      querystring: liveQuery,
      response: {
        101: z.null().meta({ description: 'The connection is a WebSocket now.' }),
        ...problems(401, 404, 422),
      },
    },
    preHandler: async (request) => {
      const { executionId } = request.query
      if (executionId !== undefined) await ownExecution(context, request, executionId)
    },
    handler: () => {
      throw new MediaError('INPUT_INVALID', 'no upgrade to a WebSocket was asked for', {
        problems: [
          { path: 'Upgrade', message: 'is not websocket', fix: 'Connect with a WebSocket client.' },
        ],
      })
    },
    wsHandler: async (socket, request) => {
      const { since, executionId = null } = request.query
      const wish = {
        accountId: accountOf(request).id,
        keyId: keyIdOf(request),
        executionId,
        since: since === undefined ? null : Number(since),
      }
      await desk.serve(socket, wish, request.log)
    },
  })
}
