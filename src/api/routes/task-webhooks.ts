import type { z } from 'zod'
import { taskWebhook } from '../../contracts/http/webhooks.ts'
import type { WebhookRoute } from '../../contracts/ports.ts'
import type { TaskEvent } from '../../contracts/orders.ts'
import { readProviderNews } from '../../contracts/tasks-dialect.ts'
import { MediaError } from '../../domain/failures.ts'
import { isId } from '../../domain/ids.ts'
import { providerOfSender } from '../../domain/task-providers.ts'
import { inboundWebhookRoute, type WebhookOutcome } from './inbound-webhook.ts'
import type { Api, RouteContext } from './route-context.ts'

type TaskWebhook = z.infer<typeof taskWebhook>

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

/**
 * The webhooks of renderers and of providers of single tasks. The token in the URL says which workflow
 * and sender it is for, and the sender's signature that it is from there; only then is the body read.
 * Handling is idempotent: progress only ever grows, and the workflow counts news of a task once.
 */
export const taskWebhookRoutes = async (app: Api, context: RouteContext): Promise<void> => {
  const { inboundWebhooks, repositories, workflows } = context

  /** News of a provider wakes the step that waits for it, which then asks for itself. */
  const handleProvider = async (
    route: WebhookRoute,
    news: ReturnType<typeof readProviderNews>,
  ): Promise<WebhookOutcome> => {
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

  const handle = async (route: WebhookRoute, event: TaskWebhook): Promise<WebhookOutcome> => {
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

  inboundWebhookRoute(app, context, {
    source: 'tasks',
    url: '/webhooks/tasks/:token',
    summary: 'An event of a renderer or a provider, signed as it signs',
    handle: async ({ token, headers, rawBody }) => {
      const route = inboundWebhooks.readToken(token)
      inboundWebhooks.verify({ sender: route.sender, headers, rawBody })
      return providerOfSender(route.sender) === null
        ? await handle(
            route,
            parse(rawBody, (body) => taskWebhook.parse(body)),
          )
        : await handleProvider(route, parse(rawBody, readProviderNews))
    },
  })
}
