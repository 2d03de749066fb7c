import { z } from 'zod'
import { taskWebhook, webhookOutcome } from '../../contracts/http/webhooks.ts'
import type { WebhookRoute } from '../../contracts/ports.ts'
import type { TaskEvent } from '../../contracts/orders.ts'
import { readProviderNews } from '../../contracts/tasks-dialect.ts'
import { MediaError } from '../../domain/failures.ts'
import { isId } from '../../domain/ids.ts'
import { providerOfSender } from '../../domain/task-providers.ts'
import { problems, type Api, type RouteContext } from './route-context.ts'

const BODY_SIZE_BYTES_MAX = 256 * 1024

type TaskWebhook = z.infer<typeof taskWebhook>
type Outcome = z.infer<typeof webhookOutcome>['status']

/** The body as JSON, and as what this sender sends. */
const parse = <Body>(rawBody: Buffer, read: (body: unknown) => Body): Body => {
  try {
    return read(JSON.parse(rawBody.toString('utf8')))
  } catch (error) {
    throw new MediaError('BODY_MALFORMED', 'a signed webhook that is no event', { cause: error })
  }
}

/** The news that a workflow waits for; null for everything else. Never an output: the workflow
 * fetches that from the renderer, who alone knows. */
const newsOf = ({ type, task_id: taskId, status }: TaskWebhook): TaskEvent | null => {
  if (type === 'job.succeeded') return { taskId, status: 'completed' }
  if (type !== 'job.failed') return null
  return { taskId, status: status === 'canceled' ? 'canceled' : 'failed' }
}

const outcomeOf = (error: unknown): string => {
  if (!(error instanceof MediaError)) return 'error'
  if (error.code === 'UNAUTHENTICATED') return 'forged'
  return error.code === 'BODY_MALFORMED' ? 'malformed' : 'unavailable'
}

/**
 * The webhooks of renderers. The token in the URL says which workflow and renderer it is for, and the
 * renderer's signature that it is from there; only then is the body read. Handling is idempotent:
 * progress only ever grows, and the workflow counts news of a task once.
 */
export const taskWebhookRoutes = async (app: Api, context: RouteContext): Promise<void> => {
  const { inboundWebhooks, repositories, workflows, apiMetrics } = context
  // The signature is over the bytes as they came, whatever their type says.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))

  /** News of a provider wakes the step that waits for it, which then asks for itself. */
  const handleProvider = async (
    route: WebhookRoute,
    news: ReturnType<typeof readProviderNews>,
  ): Promise<Outcome> => {
    if (news === null) return 'ignored'
    if (news.ended) {
      const event: TaskEvent = { taskId: route.step, status: 'completed' }
      return (await workflows.tellTaskEvent(route.workflowId, event)) ? 'handled' : 'ignored'
    }
    const { progress } = news
    const signOfLifeAt = context.now()
    if (isId('task', route.executionId)) {
      await repositories.tasks.recordProgress({ taskId: route.executionId, progress, signOfLifeAt })
    } else {
      const { executionId, step } = route
      await repositories.executions.recordProgress({ executionId, step, progress, signOfLifeAt })
    }
    return 'handled'
  }

  const handle = async (route: WebhookRoute, event: TaskWebhook): Promise<Outcome> => {
    const news = newsOf(event)
    if (news !== null) {
      return (await workflows.tellTaskEvent(route.workflowId, news)) ? 'handled' : 'ignored'
    }
    if (event.type !== 'job.progress' || event.progress == null) return 'ignored'
    await repositories.executions.recordProgress({
      executionId: route.executionId,
      step: route.step,
      progress: event.progress,
      signOfLifeAt: context.now(),
    })
    return 'handled'
  }

  app.route({
    method: 'POST',
    url: '/webhooks/tasks/:token',
    bodyLimit: BODY_SIZE_BYTES_MAX,
    schema: {
      summary: 'An event of a renderer or a provider, signed as it signs',
      tags: ['webhooks'],
      params: z.object({ token: z.string() }),
      response: { 200: webhookOutcome, ...problems(400, 401, 413) },
    },
    handler: async (request) => {
      const count = (outcome: string) =>
        apiMetrics.inboundWebhooks.inc({ source: 'tasks', outcome })
      try {
        const rawBody = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
        const route = inboundWebhooks.readToken(request.params.token)
        inboundWebhooks.verify({ sender: route.sender, headers: request.headers, rawBody })
        const status =
          providerOfSender(route.sender) === null
            ? await handle(
                route,
                parse(rawBody, (body) => taskWebhook.parse(body)),
              )
            : await handleProvider(route, parse(rawBody, readProviderNews))
        count(status)
        return { status }
      } catch (error) {
        count(outcomeOf(error))
        throw error
      }
    },
  })
}
