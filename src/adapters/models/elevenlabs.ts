import { join } from 'node:path'
import { z } from 'zod'
import { MediaError } from '../../domain/failures.ts'
import { createDubbing } from './elevenlabs-dubbing.ts'
import { speak } from './elevenlabs-speech.ts'
import type { ModelProvider } from './model-provider.ts'
import { createProviderExchange } from './provider-exchange.ts'
import { SETTLE_MS } from './settling.ts'

export interface ElevenlabsOptions {
  readonly apiKey: string
  /** `https://api.elevenlabs.io` */
  readonly baseUrl: string
  readonly timeoutMs?: number
  readonly settleMs?: number
}

const PROVIDER = 'elevenlabs'
/** Under this name dubbing is ordered, which has no model to choose. */
const DUBBING = 'dubbing'

/** Ten thousand characters, or an hour of speech, are answered within minutes. */
const WORK_TIMEOUT_MS = 10 * 60_000
/** Every word of a long recording, with its times. */
const TRANSCRIPT_BYTES_MAX = 64 << 20

/**
 * Speech with the times of its words, transcripts and dubbing by ElevenLabs. Its REST API, because the
 * official client speaks again, up to three times, when the answer is an error, and every time is billed.
 * Speech and transcripts come with the answer; dubbing takes time and is polled, for it sends no webhook
 * for one order. *Source:* elevenlabs.io/docs/api-reference.
 */
export const createElevenlabs = (options: ElevenlabsOptions): ModelProvider => {
  const exchange = createProviderExchange({
    provider: PROVIDER,
    baseUrl: options.baseUrl,
    headers: { 'xi-api-key': options.apiKey },
    timeoutMs: options.timeoutMs,
  })
  const workTimeoutMs = options.timeoutMs ?? WORK_TIMEOUT_MS
  const dubbing = createDubbing(exchange, {
    settleMs: options.settleMs ?? SETTLE_MS,
    downloadTimeoutMs: workTimeoutMs,
  })

  return {
    name: PROVIDER,
    submit: async (call, { folder, signal }) => {
      if (call.model === DUBBING) return await dubbing.submit(call, signal)
      if (call.operation === 'generateAudio') {
        const spoken = { path: join(folder, 'speech'), timeoutMs: workTimeoutMs, signal }
        return { status: 'completed', answer: await speak(exchange, call, spoken) }
      }
      if (call.operation !== 'transcribe') {
        throw new MediaError('PROVIDER_REJECTED', `${PROVIDER} has no ${call.operation}`)
      }
      const answer = await exchange.order({
        method: 'POST',
        path: '/v1/speech-to-text',
        form: { ...call.body, model_id: call.model },
        signal,
        timeoutMs: workTimeoutMs,
        answerBytesMax: TRANSCRIPT_BYTES_MAX,
      })
      const json = exchange.product(answer, z.looseObject({ words: z.array(z.unknown()) }))
      return { status: 'completed', answer: { json } }
    },
    inspect: dubbing.inspect,
    cancel: dubbing.cancel,
    find: async (order, { signal }) => {
      if (order.model === DUBBING) return await dubbing.find(order, signal)
      throw new MediaError('PROVIDER_OUTCOME_UNKNOWN', `${PROVIDER} keeps no note of ours`)
    },
  }
}
