import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import {
  execution,
  executionCommandAccepted,
  executionPage,
  executionQuery,
  type ExecutionAnswer,
} from '../../contracts/http/executions.ts'
import { idField } from '../../contracts/http/fields.ts'
import type { Account } from '../../db/repositories/accounts.ts'
import type { ExecutionDetails } from '../../db/repositories/executions.ts'
import { MediaError } from '../../domain/failures.ts'
import { clipId, isId } from '../../domain/ids.ts'
import { isExecutionOver, mayBeRetried } from '../../domain/statuses.ts'
import type { OrderedPipeline } from '../../domain/steps.ts'
import { clipNumbers } from '../own-clips.ts'
import { declinedOrder } from '../declined-order.ts'
import { placementOf } from '../placement.ts'
import { accountOf } from '../plugins/authentication.ts'
import { isoOrNull, publishedUrl, type UrlSigning } from '../presenters.ts'
import { RefusedOrder } from '../problem.ts'
import { orderTimeoutMs, problems, type Api, type RouteContext } from './route-context.ts'

export const executionParams = z.object({ id: idField('execution') })

type Presenting = UrlSigning & Pick<RouteContext, 'settings' | 'temporal'>

/** Where the Web UI shows a workflow. */
export const temporalUrl = ({ settings, temporal }: Presenting, workflowId: string): string => {
  const namespace = encodeURIComponent(temporal.options.namespace)
  return `${settings.temporalUiUrl}/namespaces/${namespace}/workflows/${encodeURIComponent(workflowId)}`
}

const presentHead = (presenting: Presenting, row: ExecutionDetails) => ({
  id: row.id,
  pipeline: row.pipeline,
  subjectId: row.subjectId,
  workflowId: row.workflowId,
  status: row.status,
  error: row.error,
  temporalUrl: temporalUrl(presenting, row.workflowId),
  createdAt: row.createdAt.toISOString(),
  finishedAt: isoOrNull(row.finishedAt),
})

const presentSteps = ({ steps }: ExecutionDetails): ExecutionAnswer['steps'] =>
  steps.map((step) => ({
    name: step.name,
    status: step.status,
    attempts: step.attempts,
    progress: step.progress,
    startedAt: isoOrNull(step.startedAt),
    finishedAt: isoOrNull(step.finishedAt),
    error: step.error,
  }))

/** The step in work or, between two of them, the next one; null when there is nothing left to do. */
const currentStep = ({ status, steps }: ExecutionDetails): string | null => {
  const running = steps.find((step) => step.status === 'processing')
  if (running !== undefined) return running.name
  if (isExecutionOver(status)) return null
  return steps.find((step) => step.status === 'pending')?.name ?? null
}

/** Of orders of clips and of new versions of one. */
const clipsOf = (row: ExecutionDetails): Pick<ExecutionAnswer, 'clipIds'> => {
  const { pipeline, subjectId } = row
  if (pipeline === 'clip') return { clipIds: clipNumbers(row).map((one) => clipId(row.id, one)) }
  return pipeline === 'recut' && isId('clip', subjectId) ? { clipIds: [subjectId] } : {}
}

const presentExecution = async (
  presenting: Presenting,
  row: ExecutionDetails,
): Promise<ExecutionAnswer> => {
  const urls = Object.entries(row.outputKeys).map(
    async ([name, key]) => [name, await publishedUrl(presenting, key)] as const,
  )
  const { heldCredits, capturedCredits, refundedCredits } = row.credits
  return {
    ...presentHead(presenting, row),
    completed: row.steps.filter(({ status }) => status === 'completed' || status === 'skipped')
      .length,
    total: row.steps.length,
    currentStep: currentStep(row),
    steps: presentSteps(row),
    outputs: Object.fromEntries(await Promise.all(urls)),
    ...clipsOf(row),
    credits: { held: heldCredits, captured: capturedCredits, refunded: refundedCredits },
  }
}

/** The caller's own execution. *Errors:* NOT_FOUND, for a foreign one too. */
export const ownExecution = async (
  { repositories }: Pick<RouteContext, 'repositories'>,
  request: FastifyRequest,
  id: string,
): Promise<ExecutionDetails> => {
  const row = await repositories.executions.find(accountOf(request).id, id)
  if (row === null) throw new MediaError('NOT_FOUND', 'no such execution')
  return row
}

/** What pipelines have in common: how far they are, and what they made. */
export const executionRoutes = async (app: Api, context: RouteContext): Promise<void> => {
  const { repositories } = context

  app.route({
    method: 'GET',
    url: '/executions',
    schema: {
      summary: 'All executions, newest first',
      tags: ['executions'],
      querystring: executionQuery,
      response: { 200: executionPage, ...problems(401, 422) },
    },
    handler: async (request) => {
      const { videoId, ...query } = request.query
      const accountId = accountOf(request).id
      const page = await repositories.executions.list({ accountId, subjectId: videoId, ...query })
      return {
        executions: page.items.map((row) => presentHead(context, row)),
        nextCursor: page.nextCursor,
      }
    },
  })

  app.route({
    method: 'GET',
    url: '/executions/:id',
    schema: {
      summary: 'One execution: its steps, outputs and credits',
      tags: ['executions'],
      params: executionParams,
      response: { 200: execution, ...problems(401, 404) },
    },
    handler: async (request) =>
      await presentExecution(context, await ownExecution(context, request, request.params.id)),
  })
}

/** Commands to a running execution. */
export const executionCommandRoutes = async (app: Api, context: RouteContext): Promise<void> => {
  const { workflows } = context

  app.route({
    method: 'POST',
    url: '/executions/:id/cancel',
    schema: {
      summary: 'Cancel an execution; canceling twice is fine',
      description:
        'The credits of a render come back. A stream or localization keeps what was finished by then and pays for that alone.',
      tags: ['executions'],
      params: executionParams,
      response: { 202: executionCommandAccepted, ...problems(401, 404, 409) },
    },
    handler: async (request, reply) => {
      const { id, status, workflowId } = await ownExecution(context, request, request.params.id)
      if (isExecutionOver(status) && status !== 'canceled') {
        throw new RefusedOrder('CONFLICT', 'cancel of an execution that is over', {
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

const noRetry = (detail: string) => new RefusedOrder('CONFLICT', 'nothing to retry', { detail })

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
  { workflows }: RouteContext,
  account: Account,
  row: ExecutionDetails & { readonly pipeline: OrderedPipeline },
): Promise<void> => {
  const { id: executionId, status, pipeline, subjectId, input, retries } = row
  if (!isExecutionOver(status)) throw noRetry('The execution is in work; it goes on by itself.')
  if (!mayBeRetried(status)) {
    throw noRetry(`The execution has ended (${status}); there is nothing to try again.`)
  }
  const placement = placementOf(account, undefined)
  const admission = await workflows.orderPipeline({
    order: {
      executionId,
      accountId: account.id,
      pipeline,
      subjectId,
      round: retries + 1,
      priority: placement.priority,
      input,
    },
    placement,
    summary: `Retry ${retries + 1} of ${executionId} for ${account.name}`.slice(0, 200),
  })
  if (admission.status === 'declined') throw declinedOrder(admission)
}
