import type { ProvidersConfig } from '../adapters/models/create-providers.ts'
import { OPENAI_URL, type Settings } from './settings.ts'

/** What one provider of models is asked at most. */
export interface ProviderLimits {
  readonly name: string
  /** Where it is; its files may lie there as well. */
  readonly baseUrl: string
  /** Of all workers together. */
  readonly requestsPerSecond: number
  /** Calls at once, of each worker. */
  readonly concurrency: number
}

export interface ModelsConfig {
  readonly providers: ProvidersConfig
  /** Of those that are set up. */
  readonly limits: readonly ProviderLimits[]
}

/** Who is set up to run models, and what may be asked of them. */
export const modelsOf = (settings: Settings): ModelsConfig => {
  const providers = providersOf(settings)
  const limit = (
    name: string,
    config: { readonly baseUrl: string } | null,
    prefix: 'REPLICATE' | 'FAL' | 'ELEVENLABS' | 'OPENAI' | 'ASYNC_VIDEO',
  ): ProviderLimits[] =>
    config === null
      ? []
      : [
          {
            name,
            baseUrl: config.baseUrl,
            requestsPerSecond: settings[`${prefix}_REQUESTS_PER_SECOND`],
            concurrency: settings[`${prefix}_CONCURRENCY`],
          },
        ]
  return {
    providers,
    limits: [
      ...limit('replicate', providers.replicate, 'REPLICATE'),
      ...limit('fal', providers.fal, 'FAL'),
      ...limit('elevenlabs', providers.elevenlabs, 'ELEVENLABS'),
      ...limit('openai', providers.openai, 'OPENAI'),
      ...limit('async-video', providers.asyncVideo, 'ASYNC_VIDEO'),
    ],
  }
}

const providersOf = (settings: Settings): ProvidersConfig => {
  const { REPLICATE_API_TOKEN, FAL_KEY, ELEVENLABS_API_KEY, OPENAI_API_KEY } = settings
  const { OPENAI_BASE_URL, ASYNC_VIDEO_BASE_URL } = settings
  return {
    replicate:
      REPLICATE_API_TOKEN === undefined
        ? null
        : {
            apiKey: REPLICATE_API_TOKEN,
            baseUrl: settings.REPLICATE_BASE_URL,
            webhookSecret: settings.REPLICATE_WEBHOOK_SECRET ?? null,
          },
    fal:
      FAL_KEY === undefined
        ? null
        : { apiKey: FAL_KEY, baseUrl: settings.FAL_BASE_URL, jwksUrl: settings.FAL_JWKS_URL },
    elevenlabs:
      ELEVENLABS_API_KEY === undefined
        ? null
        : { apiKey: ELEVENLABS_API_KEY, baseUrl: settings.ELEVENLABS_BASE_URL },
    openai:
      OPENAI_API_KEY === undefined && OPENAI_BASE_URL === OPENAI_URL
        ? null
        : { apiKey: OPENAI_API_KEY ?? null, baseUrl: OPENAI_BASE_URL },
    asyncVideo:
      ASYNC_VIDEO_BASE_URL === undefined
        ? null
        : {
            apiKey: settings.ASYNC_VIDEO_API_KEY ?? null,
            baseUrl: ASYNC_VIDEO_BASE_URL,
            webhookSecret: settings.ASYNC_VIDEO_WEBHOOK_SECRET ?? null,
            signatureHeader: settings.ASYNC_VIDEO_SIGNATURE_HEADER,
          },
  }
}
