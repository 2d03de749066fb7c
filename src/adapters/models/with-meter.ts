import { MediaError, type FailureCode } from '../../domain/failures.ts'
import type { ModelProvider } from './model-provider.ts'

/** What is asked of a provider. */
export type ProviderCall = 'submit' | 'inspect' | 'find' | 'cancel'

/** Where calls to providers are counted; `failure` is null for one that was answered. */
export interface ProviderMeter {
  providerCalled(call: {
    readonly provider: string
    readonly call: ProviderCall
    readonly seconds: number
    readonly failure: FailureCode | null
  }): void
}

/** A provider whose calls are counted and timed. Those that were given up by us are not. */
export const withMeter = (provider: ModelProvider, meter: ProviderMeter): ModelProvider => {
  const measured = async <T>(
    call: ProviderCall,
    signal: AbortSignal | undefined,
    send: () => Promise<T>,
  ): Promise<T> => {
    const startedAtMs = performance.now()
    const ended = (failure: FailureCode | null) => {
      const seconds = (performance.now() - startedAtMs) / 1000
      meter.providerCalled({ provider: provider.name, call, seconds, failure })
    }
    try {
      const answer = await send()
      ended(null)
      return answer
    } catch (error) {
      if (signal?.aborted !== true) ended(error instanceof MediaError ? error.code : 'INTERNAL')
      throw error
    }
  }

  const { find, handleOf, verifyWebhook } = provider
  return {
    name: provider.name,
    submit: (order, options) =>
      measured('submit', options.signal, () => provider.submit(order, options)),
    inspect: (handle, options) =>
      measured('inspect', options.signal, () => provider.inspect(handle, options)),
    cancel: (handle, options) =>
      measured('cancel', options.signal, () => provider.cancel(handle, options)),
    ...(find === undefined
      ? {}
      : {
          find: (order, options) =>
            measured('find', options.signal, () => find.call(provider, order, options)),
        }),
    ...(handleOf === undefined ? {} : { handleOf: handleOf.bind(provider) }),
    ...(verifyWebhook === undefined ? {} : { verifyWebhook: verifyWebhook.bind(provider) }),
  }
}
