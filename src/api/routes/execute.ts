import { z } from 'zod'
import { executionParams } from '../../contracts/http/executions.ts'
import {
  executeAccepted,
  executeOptions,
  executeStatus,
} from '../../contracts/http/generations/execute.ts'
import { MediaError, type FieldProblem } from '../../domain/failures.ts'
import { orderGeneration } from '../generation-orders.ts'
import { ownRun } from '../own-executions.ts'
import { presentExecuteStatus } from '../present-generation.ts'
import { orderTimeoutMs, problems, type Api, type RouteContext } from './route-context.ts'

const executeOrder = z.strictObject({
  executionPlan: z.looseObject({}),
  options: executeOptions.prefault({}),
})
type Options = z.infer<typeof executeOptions>

/** Keys of others would have to be kept until the run ends, and be used by whoever retries it. */
const keyProblems = ({ providerApiKeys }: Options): readonly FieldProblem[] => {
  if (Object.keys(providerApiKeys ?? {}).length === 0) return []
  const message = 'is not taken: this server calls providers with its own keys'
  const fix = 'Leave it out; whoever runs the server sets keys of providers up.'
  return [{ path: 'options.providerApiKeys', message, fix }]
}

const webhookProblems = async (
  context: RouteContext,
  { webhook, webhookSecret }: Options,
): Promise<readonly FieldProblem[]> => {
  if (webhook == null) {
    if (webhookSecret == null) return []
    const fix = 'Give webhook as well, or leave it out.'
    return [{ path: 'options.webhookSecret', message: 'signs nothing', fix }]
  }
  const refused = await context.checkWebhookTarget(webhook)
  return refused === null ? [] : [{ ...refused, path: 'options.webhook' }]
}

/** The two routes of the published plan dialect, for programs that were written for it. */
export const executeRoutes = async (app: Api, context: RouteContext): Promise<void> => {
  const { sealSecret } = context

  app.route({
    method: 'POST',
    url: '/execute',
    schema: {
      summary: 'Run a plan of the published dialect',
      tags: ['generations'],
      body: executeOrder,
      response: { 202: executeAccepted, ...problems(400, 401, 402, 409, 422) },
    },
    config: { idempotent: true },
    handlerTimeout: orderTimeoutMs(context),
    handler: async (request, reply) => {
      const { executionPlan, options } = request.body
      const found = [...keyProblems(options), ...(await webhookProblems(context, options))]
      if (found.length > 0) {
        throw new MediaError('INPUT_INVALID', 'refused options', { problems: found })
      }
      const { webhook, webhookSecret, baseExecutionId } = options
      const body = baseExecutionId == null ? executionPlan : { ...executionPlan, baseExecutionId }
      const sealedSecret = webhookSecret == null ? null : sealSecret(webhookSecret)
      const { executionId, status } = await orderGeneration(context, request, {
        body,
        webhook: webhook == null ? null : { url: webhook, sealedSecret },
      })
      const createdAt = context.now().toISOString()
      return await reply.code(202).send({ executionId, status, createdAt })
    },
  })

  app.route({
    method: 'GET',
    url: '/execute/:id/status',
    schema: {
      summary: 'How far a plan of the published dialect is',
      tags: ['generations'],
      params: executionParams,
      response: { 200: executeStatus, ...problems(401, 404) },
    },
    handler: async (request) =>
      await presentExecuteStatus(context, await ownRun(context, request, request.params.id)),
  })
}
