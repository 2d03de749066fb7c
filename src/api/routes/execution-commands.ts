import { executionCommandAccepted, executionParams } from '../../contracts/http/executions.ts'
import type { Account } from '../../db/repositories/accounts.ts'
import type { ExecutionDetails } from '../../db/repositories/executions.ts'
import { isExecutionOver, mayBeRetried } from '../../domain/statuses.ts'
import type { OrderedPipeline } from '../../domain/steps.ts'
import { ownExecution } from '../own-executions.ts'
import { orderRound } from '../pipeline-orders.ts'
import { accountOf } from '../plugins/authentication.ts'
import { FailureWithFacts } from '../problem.ts'
import { orderTimeoutMs, problems, type Api, type RouteContext } from './route-context.ts'

/** Commands to a running execution. */
export const executionCommandRoutes = async (app: Api, context: RouteContext): Promise<void> => {
  const { workflows } = context

  app.route({
    method: 'POST',
    url: '/executions/:id/cancel',
    schema: {
      summary: 'Cancel an execution; canceling twice is fine',
      description:
        'The credits of a render come back. Every other order keeps what was finished by then, and pays for that alone.',
      tags: ['executions'],
      params: executionParams,
      response: { 202: executionCommandAccepted, ...problems(401, 404, 409) },
    },
    handler: async (request, reply) => {
      const { id, status, workflowId } = await ownExecution(context, request, request.params.id)
      if (isExecutionOver(status) && status !== 'canceled') {
        throw new FailureWithFacts('CONFLICT', 'cancel of an execution that is over', {
          detail: `The execution has ended already: ${status}.`,
        })
      }
      if (status !== 'canceled') await workflows.tellCancel(workflowId, id)
      return await reply.code(202).send({ executionId: id, status })
    },
  })

  app.route({
    method: 'POST',
    url: '/executions/:id/retry',
    schema: {
      summary: 'Try a stalled render again at once, or what failed of another execution',
      description:
        'A stream or localization that ended `partial` or `error` goes on with what failed and nothing else; the credits of that are held anew.',
      tags: ['executions'],
      params: executionParams,
      response: { 202: executionCommandAccepted, ...problems(401, 402, 404, 409) },
    },
    handlerTimeout: orderTimeoutMs(context),
    handler: async (request, reply) => {
      const row = await ownExecution(context, request, request.params.id)
      if (row.pipeline === 'render') await retryRender(context, row)
      else await retryOrder(context, accountOf(request), { ...row, pipeline: row.pipeline })
      return await reply.code(202).send({ executionId: row.id, status: row.status })
    },
  })
}

const noRetry = (detail: string) => new FailureWithFacts('CONFLICT', 'nothing to retry', { detail })

const retryRender = async (
  { workflows }: RouteContext,
  { status, workflowId }: ExecutionDetails,
): Promise<void> => {
  if (isExecutionOver(status)) {
    throw noRetry(`The execution has ended (${status}); order a new render of the video.`)
  }
  if (status !== 'stalled') throw noRetry('The execution is not stalled; it goes on by itself.')
  if (!(await workflows.tellRetry(workflowId))) {
    throw noRetry('The execution is about to end; order a new render of the video.')
  }
}

/** Orders what an earlier round left undone. The database counts the rounds and knows what is done. */
const retryOrder = async (
  context: RouteContext,
  account: Account,
  row: ExecutionDetails & { readonly pipeline: OrderedPipeline },
): Promise<void> => {
  const { id: executionId, status, pipeline, subjectId, input, retries } = row
  if (!isExecutionOver(status)) throw noRetry('The execution is in work; it goes on by itself.')
  if (status === 'canceled' && pipeline === 'generate') {
    throw noRetry(
      `The execution was cancelled. POST /v1/executions/${executionId}/fork runs its plan again, with what it had made.`,
    )
  }
  if (!mayBeRetried(status)) {
    throw noRetry(`The execution has ended (${status}); there is nothing to try again.`)
  }
  const round = retries + 1
  await orderRound(context, account, {
    ...{ executionId, pipeline, subjectId, input, round },
    priority: undefined,
    summary: `Retry ${round} of ${executionId}`,
  })
}
