import type { ActivityDependencies } from '../activities/dependencies.ts'
import { modelSender } from '../domain/generation/model-queue.ts'
import type { Fetchers } from './fetchers.ts'
import type { createWebhookUrl } from './webhook-url.ts'

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/
const isSecure = (url: string): boolean => new URL(url).protocol === 'https:'
const isLoopback = (url: string): boolean => LOOPBACK.test(new URL(url).hostname)

type ModelAccess = Pick<
  ActivityDependencies,
  'modelWebhookUrlFor' | 'modelFetcherOf' | 'modelCanFetch'
>

/** Ways between us and the configured providers of models: where they report, and whence their files
 * may be fetched. */
export const createModelAccess = (parts: {
  /** Those that are configured, and those of them that send webhooks. */
  readonly providers: readonly { readonly name: string; readonly baseUrl: string }[]
  readonly sendsWebhooks: (provider: string) => boolean
  readonly fetchers: Pick<Fetchers, 'strangers' | 'renderer'>
  readonly publicUrl: string
  readonly webhookUrl: ReturnType<typeof createWebhookUrl>
}): ModelAccess => {
  const { providers, sendsWebhooks, fetchers, publicUrl, webhookUrl } = parts
  const known = new Map(
    providers.map(({ name, baseUrl }) => [
      name,
      {
        isHere: isLoopback(baseUrl),
        // Who is reached by TLS sends nothing without it, and some refuse the whole order.
        takesPublicUrl: isSecure(publicUrl) || !isSecure(baseUrl),
        fetcher: fetchers.renderer({ url: baseUrl }),
      },
    ]),
  )
  // On the machine of somebody else our loopback leads to nobody.
  const canFetch = (provider: string, url: string): boolean =>
    !isLoopback(url) || known.get(provider)?.isHere === true
  return {
    modelCanFetch: canFetch,
    modelFetcherOf: (provider) => known.get(provider)?.fetcher ?? fetchers.strangers,
    modelWebhookUrlFor: ({ provider, ...route }) => {
      const isTold = known.get(provider)?.takesPublicUrl === true && sendsWebhooks(provider)
      if (!isTold || !canFetch(provider, publicUrl)) return null
      return webhookUrl('models', { ...route, sender: modelSender(provider) })
    },
  }
}
