import type { FastifyRequest } from 'fastify'
import type { PipelineAdmission, PipelineOrder } from '../contracts/orders.ts'
import type { Account } from '../db/repositories/accounts.ts'
import type { Media } from '../db/repositories/media.ts'
import { MediaError, type FailureCode } from '../domain/failures.ts'
import { pipelineWorkflowId, type ExecutionId, type MediaId } from '../domain/ids.ts'
import type { OrderedPipeline } from '../domain/steps.ts'
import { declinedOrder } from './declined-order.ts'
import { placementOf } from './placement.ts'
import { accountOf } from './plugins/authentication.ts'
import { newId } from './plugins/idempotency.ts'
import type { RouteContext } from './routes/route-context.ts'

const TITLES = {
  stream: 'Stream',
  localize: 'Localization',
  generate: 'Generation',
  clip: 'Clips',
  recut: 'New version',
} as const satisfies Record<OrderedPipeline, string>

/** What is ordered of a medium, or of the file at a URL. */
export interface NewOrder {
  readonly pipeline: OrderedPipeline
  readonly mediaId: MediaId | undefined
  /** Instead of a medium: the file that will become one. */
  readonly url: string | undefined
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
 * Orders the work of a pipeline under an id that the request has made: admitted and paid for, or refused,
 * in one round trip to its workflow. *Idempotent* by that id. *Errors:* INSUFFICIENT_CREDITS with the
 * figures, TEMPORAL_UNAVAILABLE.
 */
export const admitOrder = async (
  context: RouteContext,
  request: FastifyRequest,
  order: {
    readonly pipeline: OrderedPipeline
    readonly executionId: ExecutionId
    readonly subjectId: string
    readonly priority: number | undefined
    readonly input: Readonly<Record<string, unknown>>
  },
): Promise<{ readonly workflowId: string; readonly creditsHeld: number }> => {
  const account = accountOf(request)
  const { pipeline, executionId, subjectId, input } = order
  const workflowId = pipelineWorkflowId(pipeline, executionId)
  // A repetition of an order whose answer was lost: it must not begin again if it is over.
  const earlier = await context.repositories.executions.find(account.id, executionId)
  if (earlier !== null) return { workflowId, creditsHeld: earlier.credits.heldCredits }
  const { amountCredits } = await orderRound(context, account, {
    ...{ executionId, pipeline, subjectId, input },
    round: 0,
    priority: order.priority,
    summary: `${TITLES[pipeline]} of ${subjectId}`,
  })
  return { workflowId, creditsHeld: amountCredits }
}

/**
 * Orders a round of an execution: the first one, or a retry. *Idempotent* by execution and round. *Errors:*
 * INSUFFICIENT_CREDITS with the figures, TEMPORAL_UNAVAILABLE.
 */
export const orderRound = async (
  { workflows }: RouteContext,
  account: Account,
  round: Omit<PipelineOrder, 'accountId' | 'priority'> & {
    readonly priority: number | undefined
    readonly summary: string
  },
): Promise<Extract<PipelineAdmission, { status: 'held' }>> => {
  const { summary, ...order } = round
  const placement = placementOf(account, order.priority)
  const admission = await workflows.orderPipeline({
    order: { ...order, accountId: account.id, priority: placement.priority },
    placement,
    summary: `${summary} for ${account.name}`.slice(0, 200),
  })
  if (admission.status === 'declined') throw declinedOrder(admission)
  return admission
}

/** As `admitOrder`, of a medium: one that is there, or the one that the file at a URL will become. The URL
 * may be signed, so it is sealed for its way through histories. */
export const acceptOrder = async (
  context: RouteContext,
  request: FastifyRequest,
  { pipeline, mediaId: given, url, priority, input: wanted }: NewOrder,
) => {
  const input = url === undefined ? wanted : { ...wanted, sealedUrl: context.sealSecret(url) }
  const executionId = newId(request, 'execution')
  const mediaId = given ?? newId(request, 'media')
  const order = { pipeline, executionId, subjectId: mediaId, priority, input }
  const { workflowId, creditsHeld } = await admitOrder(context, request, order)
  return { executionId, mediaId, workflowId, status: 'pending', creditsHeld } as const
}
