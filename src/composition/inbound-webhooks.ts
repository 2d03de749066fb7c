import { readRouteToken } from '../adapters/webhooks/route-token.ts'
import { verifyWebhook } from '../adapters/webhooks/standard-webhooks.ts'
import type { Config } from '../config.ts'
import type { InboundWebhooks } from '../contracts/ports.ts'
import { MediaError } from '../domain/failures.ts'

/** Judges webhooks of renderers by the token in their URL and by the secret of their sender. */
export const createInboundWebhooks = ({ settings, renderers }: Config): InboundWebhooks => ({
  readToken: (token) => {
    const secret = settings.SPOOL_SECRET
    const { renderer, ...route } = readRouteToken({ secret, token, nowMs: Date.now() })
    return { ...route, sender: renderer }
  },
  verify: ({ sender, headers, rawBody }) => {
    const known = renderers.find(({ name }) => name === sender)
    if (known === undefined) throw new MediaError('UNAUTHENTICATED', `no renderer ${sender}`)
    const nowSeconds = Math.floor(Date.now() / 1000)
    return verifyWebhook({ secrets: [known.webhookSecret], headers, rawBody, nowSeconds })
  },
})
