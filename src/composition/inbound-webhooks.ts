import type { ModelProvider } from '../adapters/models/model-provider.ts'
import { verifyBodySignature } from '../adapters/webhooks/body-signature.ts'
import { readRouteToken } from '../adapters/webhooks/route-token.ts'
import { verifyWebhook } from '../adapters/webhooks/standard-webhooks.ts'
import type { Config } from '../config.ts'
import type { ClaimedWebhook, InboundWebhooks } from '../contracts/ports.ts'
import { MediaError } from '../domain/failures.ts'
import { providerOfModelSender } from '../domain/generation/model-queue.ts'
import { providerOfSender } from '../domain/task-providers.ts'

/** Judges webhooks of renderers and providers by the token in their URL and by the secret of their
 * sender. A provider that does not sign is believed no more than that there is news: whoever has the
 * token's URL may say so, and it is asked before anything is done. */
export const createInboundWebhooks = (
  {
    settings,
    renderers,
  }: Pick<Config, 'renderers'> & {
    readonly settings: Pick<Config['settings'], 'SPOOL_SECRET' | 'SPOOL_TASK_PROVIDERS'>
  },
  models: ReadonlyMap<string, Pick<ModelProvider, 'verifyWebhook'>>,
): InboundWebhooks => {
  const ofRenderer = (webhook: ClaimedWebhook): void => {
    const known = renderers.find(({ name }) => name === webhook.sender)
    if (known === undefined) throw new MediaError('UNAUTHENTICATED', `no ${webhook.sender}`)
    verifyWebhook({ secrets: [known.webhookSecret], ...webhook, nowSeconds: nowSeconds() })
  }

  const ofProvider = (webhook: ClaimedWebhook, provider: string): void => {
    const known = settings.SPOOL_TASK_PROVIDERS.find(({ name }) => name === provider)
    if (known === undefined) throw new MediaError('UNAUTHENTICATED', `no provider ${provider}`)
    const { dialect, webhookSecret: secret, signatureHeader } = known
    if (dialect === 'spool') {
      verifyWebhook({ secrets: [secret ?? ''], ...webhook, nowSeconds: nowSeconds() })
    } else if (secret !== undefined && signatureHeader !== undefined) {
      verifyBodySignature({ secret, headerName: signatureHeader, ...webhook })
    }
  }

  return {
    readToken: (token) => {
      const secret = settings.SPOOL_SECRET
      return readRouteToken({ secret, token, nowMs: Date.now() })
    },
    verify: (webhook) => {
      const provider = providerOfSender(webhook.sender)
      if (provider === null) ofRenderer(webhook)
      else ofProvider(webhook, provider)
    },
    verifyModelNews: async ({ sender, ...webhook }) => {
      const provider = models.get(providerOfModelSender(sender) ?? '')
      if (provider?.verifyWebhook === undefined) {
        throw new MediaError('UNAUTHENTICATED', `no webhooks are expected of ${sender}`)
      }
      return await provider.verifyWebhook({ ...webhook, nowSeconds: nowSeconds() })
    },
  }
}

const nowSeconds = (): number => Math.floor(Date.now() / 1000)
