import { z } from 'zod'
import { webhookOutcome } from '../../contracts/http/webhooks.ts'
import { MediaError } from '../../domain/failures.ts'
import { problems, type Api, type RouteContext } from './route-context.ts'

const BODY_SIZE_BYTES_MAX = 256 * 1024

export type WebhookOutcome = z.infer<typeof webhookOutcome>['status']

/** A webhook as it came: nothing of it has been believed yet. */
export interface RawWebhook {
  /** From its URL. */
  readonly token: string
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly rawBody: Buffer
}

interface InboundWebhook {
  /** As which it is counted. */
  readonly source: 'tasks' | 'models'
  readonly url: `/${string}/:token`
  readonly summary: string
  /** Judges it, and does what it is about. *Errors:* UNAUTHENTICATED, BODY_MALFORMED. */
  readonly handle: (webhook: RawWebhook) => Promise<WebhookOutcome>
}

const outcomeOf = (error: unknown): string => {
  if (!(error instanceof MediaError)) return 'error'
  if (error.code === 'UNAUTHENTICATED') return 'forged'
  return error.code === 'BODY_MALFORMED' ? 'malformed' : 'unavailable'
}

/** A route for one kind of webhook: its body is handed on as bytes, and what came of it is counted. */
export const inboundWebhookRoute = (
  app: Api,
  { apiMetrics }: RouteContext,
  { source, url, summary, handle }: InboundWebhook,
): void => {
  // A signature is over the bytes as they came, whatever their type says.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))

  app.route({
    method: 'POST',
    url,
    bodyLimit: BODY_SIZE_BYTES_MAX,
    schema: {
      summary,
      tags: ['webhooks'],
      params: z.object({ token: z.string() }),
      response: { 200: webhookOutcome, ...problems(400, 401, 413) },
    },
    handler: async (request) => {
      const count = (outcome: string) => apiMetrics.inboundWebhooks.inc({ source, outcome })
      try {
        const rawBody = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
        const { token } = request.params as { readonly token: string }
        const status = await handle({ token, headers: request.headers, rawBody })
        count(status)
        return { status }
      } catch (error) {
        count(outcomeOf(error))
        throw error
      }
    },
  })
}
