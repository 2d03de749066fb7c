import { executionParams } from '../../contracts/http/executions.ts'
import { generationAccepted, generationPreview } from '../../contracts/http/generations/accepted.ts'
import { generationFork, generationOrder } from '../../contracts/http/generations/order.ts'
import { MediaError, type FieldProblem } from '../../domain/failures.ts'
import { changedBody } from '../../domain/generation/changed-body.ts'
import {
  judgeOrder,
  orderGeneration,
  type NewGenerationOrder,
  type StoredPlan,
} from '../generation-orders.ts'
import { nearestName } from '../nearest-name.ts'
import { accountOf } from '../plugins/authentication.ts'
import { orderTimeoutMs, problems, type Api, type RouteContext } from './route-context.ts'

type Fork = (typeof generationFork)['_output']

/** Changes of jobs that the plan has not, and that say too little to be new ones: misspelt ids. */
const strayChanges = ({ jobs }: StoredPlan, { changes = {} }: Fork): readonly FieldProblem[] => {
  const ids = jobs.flatMap(({ jobId, parentId }) => (parentId === null ? [jobId] : []))
  return Object.entries(changes).flatMap(([id, change]) => {
    const isNew = change !== null && ('type' in change || 'operation' in change)
    if (isNew || ids.includes(id)) return []
    const nearest = nearestName(id, ids)
    const hint = nearest === null ? '' : `Did you mean ${nearest}? `
    const fix = `${hint}A job that is new needs its type and params.`
    return [{ path: `changes.${id}`, message: 'names no job of the plan', fix }]
  })
}

/** What is ordered of a plan that exists: another one, or the same with changes. *Errors:* INPUT_INVALID. */
const forkedBody = (before: StoredPlan, fork: Fork): NewGenerationOrder['body'] => {
  const found = strayChanges(before, fork)
  if (found.length > 0) throw new MediaError('INPUT_INVALID', 'refused fork', { problems: found })
  const { plan, changes, maxCredits } = fork
  const body = plan ?? changedBody(before.body, changes ?? {})
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
      const body = forkedBody(base, request.body)
      const order = { body, priority, base, fresh: [from].flat() }
      if (!dryRun) return await reply.code(202).send(await orderGeneration(context, request, order))
      const { findings, estimate, kept } = await judgeOrder(context, request, order)
      const reusedJobs = [...kept.keys()]
      return await reply.code(200).send({ dryRun, findings, estimate, reusedJobs })
    },
  })
}
