import { localizationAccepted, localizationOrder } from '../../contracts/http/localizations.ts'
import { MediaError } from '../../domain/failures.ts'
import { acceptOrder, orderedMedium, refusedMedium } from '../pipeline-orders.ts'
import { problems, type Api, type RouteContext } from './route-context.ts'

/** What this server has no engine for is said before any work starts. */
const refuseUnconfigured = (
  { settings }: RouteContext,
  { languages }: { readonly languages: readonly string[] },
): void => {
  const { speech, translation } = settings.missingSettings
  const missing = [
    ...(speech === null ? [] : [{ path: 'mediaId', setting: speech, what: 'transcription' }]),
    ...(translation === null || languages.length === 0
      ? []
      : [{ path: 'languages', setting: translation, what: 'translation' }]),
  ]
  if (missing.length === 0) return
  throw new MediaError('NOT_CONFIGURED', `no ${missing.map(({ what }) => what).join(', no ')}`, {
    problems: missing.map(({ path, setting, what }) => ({
      path,
      message: `${what} needs the setting ${setting}, which this server does not have`,
      fix: 'Ask whoever runs the server.',
    })),
  })
}

/** Orders of localizations: admitted and paid for, or refused, in one round trip to the workflow. */
export const localizationRoutes = async (app: Api, context: RouteContext): Promise<void> => {
  app.route({
    method: 'POST',
    url: '/localizations',
    schema: {
      summary: 'Transcribe, subtitle, and translate the subtitles into several languages',
      description:
        'Finished subtitles become caption tracks of the stream that the medium has. A language that fails leaves the rest: the execution ends `partial`, and its retry makes that one alone.',
      tags: ['media'],
      body: localizationOrder,
      response: { 202: localizationAccepted, ...problems(400, 401, 402, 409, 422) },
    },
    config: { idempotent: true },
    // The order has its own deadline, after which the answer is a 503 that says so.
    handlerTimeout: context.settings.admissionTimeoutMs + context.settings.handlerTimeoutMs,
    handler: async (request, reply) => {
      const { mediaId, priority, ...input } = request.body
      refuseUnconfigured(context, input)
      const medium = await orderedMedium(context, request, mediaId)
      if (medium !== null && !medium.streams.some(({ kind }) => kind === 'audio')) {
        throw refusedMedium('MEDIA_NO_AUDIO', 'has no sound', 'Give a recording of speech.')
      }
      const order = { pipeline: 'localize', mediaId, priority, input } as const
      return await reply.code(202).send(await acceptOrder(context, request, order))
    },
  })
}
