import { clip, clipList, clipOrder, clipParams, clipQuery } from '../../contracts/http/clips.ts'
import { mediumOrderAccepted } from '../../contracts/http/orders.ts'
import type { ClipWish } from '../../domain/clips/clip-wish.ts'
import { refuseMissingEngines } from '../missing-engines.ts'
import { clipsOfOrder, ownClip } from '../own-clips.ts'
import { acceptOrder, orderedMedium, refusedMedium } from '../pipeline-orders.ts'
import { accountOf } from '../plugins/authentication.ts'
import { presentClip } from '../present-clip.ts'
import { clipChangeRoutes } from './clip-changes.ts'
import { orderTimeoutMs, problems, type Api, type RouteContext } from './route-context.ts'

/** Orders of clips, the clips that they have made, and changes of these. */
export const clipRoutes = async (app: Api, context: RouteContext): Promise<void> => {
  await clipOrderRoutes(app, context)
  await madeClipRoutes(app, context)
  await clipChangeRoutes(app, context)
}

/** Orders of clips: admitted and paid for, or refused, in one round trip to the workflow. */
const clipOrderRoutes = async (app: Api, context: RouteContext): Promise<void> => {
  app.route({
    method: 'POST',
    url: '/clips',
    schema: {
      summary: 'Cut captioned clips out of a long video',
      description:
        'The execution ends with the clips, each with its scores and reasons; what had to be done in a simpler way is named. A clip that fails leaves the rest: the execution ends `partial`, and its retry makes that one alone.',
      tags: ['clips'],
      body: clipOrder,
      response: { 202: mediumOrderAccepted, ...problems(400, 401, 402, 409, 422) },
    },
    config: { idempotent: true },
    handlerTimeout: orderTimeoutMs(context),
    handler: async (request, reply) => {
      const { mediaId, priority, url, ...wanted } = request.body
      refuseMissingEngines(context.settings, [{ path: 'mediaId', engine: 'speech' }])
      const medium = await orderedMedium(context, request, mediaId)
      if (medium !== null && medium.kind !== 'video') {
        throw refusedMedium('MEDIA_NO_VIDEO', 'has no moving pictures', 'Give a video.')
      }
      const { count, minSeconds, maxSeconds, format, captions, prompt = null } = wanted
      const wish: ClipWish = {
        limits: { count, minSeconds, maxSeconds },
        format,
        captions:
          captions === false
            ? null
            : { preset: captions.preset, language: captions.language ?? null },
        prompt,
      }
      const order = { pipeline: 'clip', mediaId, url, priority, input: { wish } } as const
      return await reply.code(202).send(await acceptOrder(context, request, order))
    },
  })
}

/** Clips that are there, each in its newest version. */
const madeClipRoutes = async (app: Api, context: RouteContext): Promise<void> => {
  app.route({
    method: 'GET',
    url: '/clips',
    schema: {
      summary: 'The clips that an order has made, in the order of their numbers',
      tags: ['clips'],
      querystring: clipQuery,
      response: { 200: clipList, ...problems(401, 404, 422) },
    },
    handler: async (request) => {
      const { executionId } = request.query
      const clips = await clipsOfOrder(context, accountOf(request).id, executionId)
      return { clips: await Promise.all(clips.map((one) => presentClip(context, one))) }
    },
  })

  app.route({
    method: 'GET',
    url: '/clips/:id',
    schema: {
      summary: 'One clip in its newest version',
      tags: ['clips'],
      params: clipParams,
      response: { 200: clip, ...problems(401, 404, 410) },
    },
    handler: async (request) => {
      const found = await ownClip(context, accountOf(request).id, request.params.id)
      return await presentClip(context, found)
    },
  })
}
