import { mediumOrderAccepted } from '../../contracts/http/orders.ts'
import { streamOrder } from '../../contracts/http/streams.ts'
import { acceptOrder, orderedMedium, refusedMedium } from '../pipeline-orders.ts'
import { orderTimeoutMs, problems, type Api, type RouteContext } from './route-context.ts'

/** Orders of streams: admitted and paid for, or refused, in one round trip to the workflow. */
export const streamRoutes = async (app: Api, context: RouteContext): Promise<void> => {
  app.route({
    method: 'POST',
    url: '/streams',
    schema: {
      summary: 'Make a film streamable: ladder, poster, preview, transcript, storyboard, waveform',
      description:
        'Of a URL the least is held now, and the rest once its length is known. `GET /v1/media/:id` shows what there is to play.',
      tags: ['streams'],
      body: streamOrder,
      response: { 202: mediumOrderAccepted, ...problems(400, 401, 402, 409, 422) },
    },
    config: { idempotent: true },
    handlerTimeout: orderTimeoutMs(context),
    handler: async (request, reply) => {
      const { mediaId, url, priority, ...input } = request.body
      const medium = await orderedMedium(context, request, mediaId)
      // A URL is judged by the pipeline.
      if (medium !== null && medium.kind !== 'video') {
        throw refusedMedium('MEDIA_NO_VIDEO', `is of kind ${medium.kind}`, 'Give a film.')
      }
      const order = { pipeline: 'stream', mediaId, url, priority, input } as const
      return await reply.code(202).send(await acceptOrder(context, request, order))
    },
  })
}
