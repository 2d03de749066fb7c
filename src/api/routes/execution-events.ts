import { Readable } from 'node:stream'
import { z } from 'zod'
import { executionParams } from '../../contracts/http/executions.ts'
import { clientGone } from '../client-gone.ts'
import { executionStream, isQuiet } from '../execution-stream.ts'
import { ownExecution } from '../own-executions.ts'
import { problems, UNHURRIED_MS, type Api, type RouteContext } from './route-context.ts'

/** What a browser sends when it comes back; anything else begins at the beginning. */
const lastSequence = (header: string | string[] | undefined): number =>
  typeof header === 'string' && /^\d{1,15}$/.test(header) ? Number(header) : 0

/** Progress as it happens. */
export const executionEventRoutes = async (app: Api, context: RouteContext): Promise<void> => {
  const { repositories, executionNews, settings } = context
  const closing = new AbortController()
  // Before the server waits for its connections: an open stream would keep it waiting.
  app.addHook('preClose', async () => closing.abort())

  app.route({
    method: 'GET',
    url: '/executions/:id/events',
    schema: {
      summary: 'Server-sent events of an execution; resumes after Last-Event-ID',
      description:
        'Events `execution.status`, `step.status` and `step.progress`. The stream ends when the execution is over; whoever then comes back is answered 204.',
      tags: ['executions'],
      params: executionParams,
      // Stand-ins for EventSource repeat Last-Event-ID there, under names of their own.
      querystring: z.looseObject({}),
      response: {
        200: {
          description: 'A stream of events.',
          content: { 'text/event-stream': { schema: z.string() } },
        },
        204: z.null(),
        ...problems(401, 404),
      },
    },
    handlerTimeout: UNHURRIED_MS,
    handler: async (request, reply) => {
      const row = await ownExecution(context, request, request.params.id)
      const afterSequence = lastSequence(request.headers['last-event-id'])
      const read = (sequence: number, limit: number) =>
        repositories.executions.events({ executionId: row.id, afterSequence: sequence, limit })
      // An EventSource comes back after every end; 204 is how it is told to stay away.
      const isDone = isQuiet(row) && (await read(afterSequence, 1)).length === 0
      if (isDone && afterSequence > 0) return await reply.code(204).send(null)

      const stream = executionStream({
        executionId: row.id,
        afterSequence,
        read,
        find: () => repositories.executions.findById(row.id),
        news: executionNews,
        heartbeatMs: settings.eventHeartbeatMs,
        signal: AbortSignal.any([closing.signal, clientGone(reply)]),
      })
      return await reply
        .headers({
          'content-type': 'text/event-stream; charset=utf-8',
          'cache-control': 'no-cache, no-transform',
          // Whoever listens has a connection for it; kept alive it would outlast a closing server.
          connection: 'close',
          // Nginx would otherwise collect the events.
          'x-accel-buffering': 'no',
        })
        .send(Readable.from(stream, { objectMode: false }) as unknown as string)
    },
  })
}
