import { executionParams } from '../../contracts/http/executions.ts'
import { generationAccepted, generationPreview } from '../../contracts/http/generations/accepted.ts'
import { generationFork, generationOrder } from '../../contracts/http/generations/order.ts'
import { MediaError } from '../../domain/failures.ts'
import { changedBody } from '../../domain/generation/changed-body.ts'
import { judgeOrder, orderGeneration, type NewGenerationOrder } from '../generation-orders.ts'
import { accountOf } from '../plugins/authentication.ts'
import { orderTimeoutMs, problems, type Api, type RouteContext } from './route-context.ts'

/** What is ordered of a plan that exists: another one, or the same with changes. */
const forkedBody = (
  before: Readonly<Record<string, unknown>>,
  fork: (typeof generationFork)['_output'],
): NewGenerationOrder['body'] => {
  const { plan, changes, maxCredits } = fork
  const body = plan ?? changedBody(before, changes ?? {})
  return maxCredits === undefined ? body : { ...body, maxCredits }
}

/** Orders of plans: judged first, then admitted and paid for, or refused, in one round trip. */
export const generationOrderRoutes = async (app: Api, context: RouteContext): Promise<void> => {
  const { repositories } = context
  const handlerTimeout = orderTimeoutMs(context)

  app.route({
    method: 'POST',
    url: '/generations',
    schema: {
      summary: 'Run a plan: images, videos, voices and what is made of them, as a graph',
      description:
        'Everything that is wrong with a plan is said at once, as `findings`; nothing is held then. What it may cost at most is held, and what was delivered is paid. With `baseExecutionId` jobs that have not changed keep their results.',
      tags: ['generations'],
      body: generationOrder,
      response: { 202: generationAccepted, ...problems(400, 401, 402, 409, 422) },
    },
    config: { idempotent: true },
    handlerTimeout,
    handler: async (request, reply) => {
      const { priority, ...body } = request.body
      return await reply.code(202).send(await orderGeneration(context, request, { body, priority }))
    },
  })

  app.route({
    method: 'POST',
    url: '/executions/:id/fork',
    schema: {
      summary: 'Run a changed plan, and keep of the one before what the change does not touch',
      description:
        'Jobs that are kept cost nothing. `dryRun` answers 200 with what the rest would cost. Works on runs of any state, also on one that is still in work: what it has made by then is kept.',
      tags: ['generations'],
      params: executionParams,
      body: generationFork,
      response: {
        200: generationPreview,
        202: generationAccepted,
        ...problems(400, 401, 402, 404, 409, 422),
      },
    },
    config: { idempotent: true },
    handlerTimeout,
    handler: async (request, reply) => {
      const { from = [], dryRun, priority } = request.body
      const base = await repositories.generations.find(accountOf(request).id, request.params.id)
      if (base === null) throw new MediaError('NOT_FOUND', 'no such generation')
      const body = forkedBody(base.body, request.body)
      const order = { body, priority, base, fresh: [from].flat() }
      if (!dryRun) return await reply.code(202).send(await orderGeneration(context, request, order))
      const { findings, estimate, kept } = await judgeOrder(context, request, order)
      const reusedJobs = [...kept.keys()]
      return await reply.code(200).send({ dryRun, findings, estimate, reusedJobs })
    },
  })
}
