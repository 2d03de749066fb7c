import type { TaskEvent } from '../../contracts/orders.ts'
import { inboundWebhookRoute } from './inbound-webhook.ts'
import type { Api, RouteContext } from './route-context.ts'

/**
 * The webhooks of providers of models, each judged by that provider's own scheme. That a call has ended
 * wakes the job that waits for it, which then asks the provider itself: nothing that a webhook claims is
 * believed. Handling is idempotent: the workflow counts news of a call once.
 */
export const modelWebhookRoutes = async (app: Api, context: RouteContext): Promise<void> => {
  const { inboundWebhooks, workflows } = context
  inboundWebhookRoute(app, context, {
    source: 'models',
    url: '/webhooks/models/:token',
    summary: 'News of a provider of models, signed as it signs',
    handle: async ({ token, headers, rawBody }) => {
      const { sender, workflowId, step } = inboundWebhooks.readToken(token)
      const { ended } = await inboundWebhooks.verifyModelNews({ sender, headers, rawBody })
      if (!ended) return 'ignored'
      const event: TaskEvent = { taskId: step, status: 'completed' }
      return (await workflows.tellTaskEvent(workflowId, event)) ? 'handled' : 'ignored'
    },
  })
}
