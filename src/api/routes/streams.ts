import type { FastifyRequest } from 'fastify'
import { streamAccepted, streamOrder } from '../../contracts/http/streams.ts'
import { MediaError } from '../../domain/failures.ts'
import { pipelineWorkflowId, type ExecutionId, type MediaId } from '../../domain/ids.ts'
import { accountOf } from '../plugins/authentication.ts'
import { newId } from '../plugins/idempotency.ts'
import { RefusedOrder } from '../problem.ts'
import { placementOf } from './renders.ts'
import { problems, type Api, type RouteContext } from './route-context.ts'

const PIPELINE = 'stream'

/** Refuses a medium that cannot be streamed; a URL is judged by the pipeline. */
const requireFilm = async (
  { repositories }: RouteContext,
  request: FastifyRequest,
  mediaId: MediaId,
): Promise<void> => {
  const medium = await repositories.media.find(accountOf(request).id, mediaId)
  const refuse = (code: 'INPUT_INVALID' | 'MEDIA_NO_VIDEO', message: string, fix: string) =>
    new MediaError(code, 'refused stream', { problems: [{ path: 'mediaId', message, fix }] })
  if (medium === null) {
    throw refuse('INPUT_INVALID', 'is no medium of yours', 'Upload the film with POST /v1/media.')
  }
  if (medium.kind !== 'video') {
    throw refuse('MEDIA_NO_VIDEO', `is of kind ${medium.kind}`, 'Give a film.')
  }
}

/** Orders of streams: admitted and paid for, or refused, in one round trip to the workflow. */
export const streamRoutes = async (app: Api, context: RouteContext): Promise<void> => {
  const { repositories, workflows } = context

  app.route({
    method: 'POST',
    url: '/streams',
    schema: {
      summary: 'Make a film streamable: ladder, poster, preview, transcript, storyboard, waveform',
      description:
        'Of a URL the least is held now, and the rest once its length is known. `GET /v1/media/:id` shows what there is to play.',
      tags: ['media'],
      body: streamOrder,
      response: { 202: streamAccepted, ...problems(400, 401, 402, 409, 422) },
    },
    config: { idempotent: true },
    // The order has its own deadline, after which the answer is a 503 that says so.
    handlerTimeout: context.settings.admissionTimeoutMs + context.settings.handlerTimeoutMs,
    handler: async (request, reply) => {
      const account = accountOf(request)
      const { mediaId: given, priority, ...input } = request.body
      if (given !== undefined) await requireFilm(context, request, given)

      const executionId: ExecutionId = newId(request, 'execution')
      const mediaId = given ?? newId(request, 'media')
      const workflowId = pipelineWorkflowId(PIPELINE, executionId)
      const accepted = (creditsHeld: number) =>
        reply.code(202).send({ executionId, mediaId, workflowId, status: 'pending', creditsHeld })
      // A repetition of an order whose answer was lost: it must not begin again if it is over.
      const earlier = await repositories.executions.find(account.id, executionId)
      if (earlier !== null) return await accepted(earlier.credits.heldCredits)
      const placement = placementOf(account, priority)
      const admission = await workflows.orderPipeline({
        order: {
          executionId,
          accountId: account.id,
          pipeline: PIPELINE,
          subjectId: mediaId,
          retry: 0,
          priority: placement.priority,
          input,
        },
        placement,
        summary: `Stream of ${mediaId} for ${account.name}`.slice(0, 200),
      })
      if (admission.status === 'held') return await accepted(admission.amountCredits)
      const { neededCredits, availableCredits } = admission
      const facts = { neededCredits, availableCredits }
      throw new RefusedOrder('INSUFFICIENT_CREDITS', 'the hold was declined', facts)
    },
  })
}
