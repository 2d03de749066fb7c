import { z } from 'zod'
import { idField } from '../../contracts/http/fields.ts'
import { orderAccepted } from '../../contracts/http/orders.ts'
import { renderOrder } from '../../contracts/http/videos.ts'
import { MediaError } from '../../domain/failures.ts'
import { renderWorkflowId, type ExecutionId } from '../../domain/ids.ts'
import { declinedOrder } from '../declined-order.ts'
import { placementOf } from '../placement.ts'
import { accountOf } from '../plugins/authentication.ts'
import { newId } from '../plugins/idempotency.ts'
import { orderTimeoutMs, problems, type Api, type RouteContext } from './route-context.ts'
import { problemsOfVideo } from './videos.ts'

/** Orders of renders: admitted and paid for, or refused, in one round trip to the workflow. */
export const renderRoutes = async (app: Api, context: RouteContext): Promise<void> => {
  const { repositories, workflows } = context

  app.route({
    method: 'POST',
    url: '/videos/:id/renders',
    schema: {
      summary: 'Render a video; a running render of the same video is superseded',
      tags: ['videos'],
      params: z.object({ id: idField('video') }),
      body: renderOrder.nullish(),
      response: { 202: orderAccepted, ...problems(400, 401, 402, 404, 409, 422) },
    },
    config: { idempotent: true },
    handlerTimeout: orderTimeoutMs(context),
    handler: async (request, reply) => {
      const account = accountOf(request)
      const row = await repositories.videos.find(account.id, request.params.id)
      if (row === null) throw new MediaError('NOT_FOUND', 'no such video')
      const region = { startSeconds: row.startSeconds, endSeconds: row.endSeconds }
      const found = await problemsOfVideo(context, account, { ...row, region })
      if (found.length > 0) {
        throw new MediaError('INPUT_INVALID', 'refused render', { problems: found })
      }

      const executionId: ExecutionId = newId(request, 'execution')
      const workflowId = renderWorkflowId(row.id)
      const accepted = (creditsHeld: number) =>
        reply.code(202).send({ executionId, workflowId, status: 'pending', creditsHeld })
      // A repetition of an order whose answer was lost: it must not begin again if it is over.
      const earlier = await repositories.executions.find(account.id, executionId)
      if (earlier !== null) return await accepted(earlier.credits.heldCredits)
      const { title } = row.settings
      const placement = placementOf(account, request.body?.priority)
      const { priority } = placement
      const admission = await workflows.orderRender({
        order: { executionId, videoId: row.id, accountId: account.id, priority },
        placement,
        summary: `Render of ${title === '' ? row.id : title} for ${account.name}`.slice(0, 200),
      })
      if (admission.status === 'held') return await accepted(admission.plan.amountCredits)
      throw declinedOrder(admission)
    },
  })
}
