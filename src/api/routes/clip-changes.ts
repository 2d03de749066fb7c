import type { FastifyRequest } from 'fastify'
import {
  clipEdit,
  clipParams,
  clipRegeneration,
  recutAccepted,
  type ClipEdit,
} from '../../contracts/http/clips.ts'
import { clipWish, type ClipWish } from '../../domain/clips/clip-wish.ts'
import { picturesSeconds } from '../../domain/clips/pictures-seconds.ts'
import { changedClip, type RecutWish } from '../../domain/clips/recut-wish.ts'
import { problemsOfSpan } from '../../domain/clips/span-problems.ts'
import { MediaError, type FieldProblem } from '../../domain/failures.ts'
import type { ClipId, ExecutionId } from '../../domain/ids.ts'
import { footageOfClip, ownClip, spansOfOthers, type OwnClip } from '../own-clips.ts'
import { admitOrder } from '../pipeline-orders.ts'
import { accountOf } from '../plugins/authentication.ts'
import { newId } from '../plugins/idempotency.ts'
import { problems, type Api, type RouteContext } from './route-context.ts'

const DESCRIPTION =
  'The answer comes at once, with the credits of one clip held; the execution ends with the new version. Until then, and for good if it fails, the clip stays as it is. Nothing is fetched or transcribed again. One change of a clip is in work at a time: another is a 409.'

/** Changes of one clip: each is an execution of its own, whose result is the clip from then on. */
export const clipChangeRoutes = async (app: Api, context: RouteContext): Promise<void> => {
  const { settings } = context
  // The order has its own deadline, after which the answer is a 503 that says so.
  const handlerTimeout = settings.admissionTimeoutMs + settings.handlerTimeoutMs

  app.route({
    method: 'POST',
    url: '/clips/:id/edit',
    schema: {
      summary: 'Cut a clip again: other times, captions or format',
      description: `What is left out stays. ${DESCRIPTION}`,
      tags: ['clips'],
      params: clipParams,
      body: clipEdit,
      response: { 202: recutAccepted, ...problems(400, 401, 402, 404, 409, 410, 422) },
    },
    config: { idempotent: true },
    handlerTimeout,
    handler: async (request, reply) => {
      const { priority, ...edit } = request.body
      const { executionId, clip, origin, sourceSeconds } = await source(context, request)
      const found = [...timeProblems(clip, edit, sourceSeconds), ...languageProblems(clip, edit)]
      if (found.length > 0) {
        throw new MediaError('INPUT_INVALID', 'refused edit', { problems: found })
      }
      const { start: startSeconds, end: endSeconds, format } = edit
      const captions = captionsAfter(clip, edit)
      const changed = changedClip(clip.about, { startSeconds, endSeconds, format, captions })
      const recut = { id: clip.id, number: clip.number, origin, ...changed }
      const order = { executionId, recut, priority }
      return await reply.code(202).send(await acceptRecut(context, request, order))
    },
  })

  app.route({
    method: 'POST',
    url: '/clips/:id/regenerate',
    schema: {
      summary: 'Put another moment in the place of a clip',
      description: `It overlaps no clip of the order, and nothing that this one has shown before. So only one clip of an order is regenerated at a time; others can be edited meanwhile. ${DESCRIPTION}`,
      tags: ['clips'],
      params: clipParams,
      body: clipRegeneration.nullish(),
      response: { 202: recutAccepted, ...problems(400, 401, 402, 404, 409, 410, 422) },
    },
    config: { idempotent: true },
    handlerTimeout,
    handler: async (request, reply) => {
      const { prompt, priority } = request.body ?? {}
      const { executionId, clip, origin } = await source(context, request)
      const { limits, prompt: ordered } = clipWish(clip.order.input)
      const taken = await spansOfOthers(context, clip)
      const { id, number, about } = clip
      const { format, captions } = about
      const moment = { limits: { ...limits, count: 1 }, prompt: prompt ?? ordered, taken }
      const recut = { id, number, origin, format, captions, moment }
      const order = { executionId, recut, priority }
      return await reply.code(202).send(await acceptRecut(context, request, order))
    },
  })
}

/**
 * The clip that a request names, what it is cut from, and the id of its change. *Errors:* NOT_FOUND,
 * CLIP_GONE; CLIP_IN_WORK while it is changed by another request.
 */
const source = async (
  context: RouteContext,
  request: FastifyRequest<{ Params: { readonly id: ClipId } }>,
) => {
  const executionId = newId(request, 'execution')
  const clip = await ownClip(context, accountOf(request).id, request.params.id)
  // The change would be made of what the clip was before the other one, and so undo that one, if that
  // one ends before this one is admitted.
  if (clip.inWork !== null && clip.inWork.id !== executionId) {
    throw new MediaError('CLIP_IN_WORK', `${clip.inWork.id} is in work`)
  }
  const medium = await footageOfClip(context, clip)
  const origin = { executionId: clip.order.id, mediaId: medium.id }
  return { executionId, clip, origin, sourceSeconds: picturesSeconds(medium) }
}

/** Times that are left as they are were good once. */
const timeProblems = (
  { about }: OwnClip,
  { start, end }: ClipEdit,
  sourceSeconds: number,
): readonly FieldProblem[] => {
  if (start === undefined && end === undefined) return []
  const span = {
    startSeconds: start ?? about.startSeconds,
    endSeconds: end ?? about.endSeconds,
  }
  return problemsOfSpan(span, sourceSeconds, end === undefined ? 'start' : 'end')
}

/** In what the words were written down: it was given with the order. */
const languageProblems = (clip: OwnClip, { captions }: ClipEdit): readonly FieldProblem[] => {
  const language = captions === false ? undefined : captions?.language
  if (language === undefined || language === languageOf(clip)) return []
  const message = 'is not what the transcript was ordered in, and nothing is transcribed again'
  return [{ path: 'captions.language', message, fix: 'Leave it out, or order the clips anew.' }]
}

const languageOf = ({ order }: OwnClip): string | null =>
  clipWish(order.input).captions?.language ?? null

const captionsAfter = (clip: OwnClip, { captions }: ClipEdit): ClipWish['captions'] | undefined => {
  if (captions === undefined) return undefined
  if (captions === false) return null
  const preset = captions.preset ?? clip.about.captions?.preset ?? 'tiktok'
  return { preset, language: languageOf(clip) }
}

const acceptRecut = async (
  context: RouteContext,
  request: FastifyRequest,
  {
    executionId,
    recut,
    priority,
  }: {
    readonly executionId: ExecutionId
    readonly recut: RecutWish
    readonly priority: number | undefined
  },
) => {
  const order = { pipeline: 'recut', executionId, subjectId: recut.id, priority } as const
  const { workflowId, creditsHeld } = await admitOrder(context, request, {
    ...order,
    input: { recut },
  })
  return { executionId, clipId: recut.id, workflowId, status: 'pending', creditsHeld } as const
}
