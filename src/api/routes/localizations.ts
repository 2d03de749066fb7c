import { mediumOrderAccepted } from '../../contracts/http/orders.ts'
import { localizationOrder } from '../../contracts/http/localizations.ts'
import { refuseMissingEngines } from '../missing-engines.ts'
import { acceptOrder, orderedMedium, refusedMedium } from '../pipeline-orders.ts'
import { orderTimeoutMs, problems, type Api, type RouteContext } from './route-context.ts'

/** Orders of localizations: admitted and paid for, or refused, in one round trip to the workflow. */
export const localizationRoutes = async (app: Api, context: RouteContext): Promise<void> => {
  app.route({
    method: 'POST',
    url: '/localizations',
    schema: {
      summary: 'Transcribe, subtitle, and translate the subtitles into several languages',
      description:
        'Finished subtitles become caption tracks of the stream that the medium has. A language that fails leaves the rest: the execution ends `partial`, and its retry makes that one alone.',
      tags: ['localizations'],
      body: localizationOrder,
      response: { 202: mediumOrderAccepted, ...problems(400, 401, 402, 409, 422) },
    },
    config: { idempotent: true },
    handlerTimeout: orderTimeoutMs(context),
    handler: async (request, reply) => {
      const { mediaId, url, priority, ...input } = request.body
      refuseMissingEngines(context.settings, [
        { path: 'mediaId', engine: 'speech' },
        ...(input.languages.length === 0
          ? []
          : [{ path: 'languages', engine: 'translation' } as const]),
      ])
      const medium = await orderedMedium(context, request, mediaId)
      if (medium !== null && !medium.streams.some(({ kind }) => kind === 'audio')) {
        throw refusedMedium('MEDIA_NO_AUDIO', 'has no sound', 'Give a recording of speech.')
      }
      const order = { pipeline: 'localize', mediaId, url, priority, input } as const
      return await reply.code(202).send(await acceptOrder(context, request, order))
    },
  })
}
