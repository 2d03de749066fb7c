import type { FastifyRequest } from 'fastify'
import type { Media } from '../db/repositories/media.ts'
import { MediaError, type FailureCode } from '../domain/failures.ts'
import { pipelineWorkflowId, type ExecutionId, type MediaId } from '../domain/ids.ts'
import type { OrderedPipeline } from '../domain/steps.ts'
import { accountOf } from './plugins/authentication.ts'
import { newId } from './plugins/idempotency.ts'
import { RefusedOrder } from './problem.ts'
import { placementOf } from './routes/renders.ts'
import type { RouteContext } from './routes/route-context.ts'

const TITLES = {
  stream: 'Stream',
  localize: 'Localization',
  generate: 'Generation',
} as const satisfies Record<OrderedPipeline, string>

/** What is ordered of a medium, or of the file at a URL. */
export interface NewOrder {
  readonly pipeline: OrderedPipeline
  /** Missing: the medium that the URL in `input` will become. */
  readonly mediaId: MediaId | undefined
  readonly priority: number | undefined
  readonly input: Readonly<Record<string, unknown>>
}

/** A medium that an order does not suit, as the problem of its field. */
export const refusedMedium = (
  code: Extract<FailureCode, 'INPUT_INVALID' | 'MEDIA_NO_VIDEO' | 'MEDIA_NO_AUDIO'>,
  message: string,
  fix: string,
): MediaError =>
  new MediaError(code, 'refused order', { problems: [{ path: 'mediaId', message, fix }] })

/** The medium that a request names; null when it gives a URL. *Errors:* INPUT_INVALID. */
export const orderedMedium = async (
  { repositories }: RouteContext,
  request: FastifyRequest,
  mediaId: MediaId | undefined,
): Promise<Media | null> => {
  if (mediaId === undefined) return null
  const medium = await repositories.media.find(accountOf(request).id, mediaId)
  if (medium !== null) return medium
  throw refusedMedium('INPUT_INVALID', 'is no medium of yours', 'Upload it with POST /v1/media.')
}

/**
 * Orders the work of a pipeline: admitted and paid for, or refused, in one round trip to its workflow.
 * *Idempotent* by the request's key. *Errors:* INSUFFICIENT_CREDITS with the figures, TEMPORAL_UNAVAILABLE.
 */
export const acceptOrder = async (
  { repositories, workflows }: RouteContext,
  request: FastifyRequest,
  { pipeline, mediaId: given, priority, input }: NewOrder,
) => {
  const account = accountOf(request)
  const executionId: ExecutionId = newId(request, 'execution')
  const mediaId = given ?? newId(request, 'media')
  const workflowId = pipelineWorkflowId(pipeline, executionId)
  const accepted = (creditsHeld: number) =>
    ({ executionId, mediaId, workflowId, status: 'pending', creditsHeld }) as const
  // A repetition of an order whose answer was lost: it must not begin again if it is over.
  const earlier = await repositories.executions.find(account.id, executionId)
  if (earlier !== null) return accepted(earlier.credits.heldCredits)
  const placement = placementOf(account, priority)
  const admission = await workflows.orderPipeline({
    order: {
      executionId,
      accountId: account.id,
      pipeline,
      subjectId: mediaId,
      round: 0,
      priority: placement.priority,
      input,
    },
    placement,
    summary: `${TITLES[pipeline]} of ${mediaId} for ${account.name}`.slice(0, 200),
  })
  if (admission.status === 'held') return accepted(admission.amountCredits)
  const { neededCredits, availableCredits } = admission
  const facts = { neededCredits, availableCredits }
  throw new RefusedOrder('INSUFFICIENT_CREDITS', 'the hold was declined', facts)
}
