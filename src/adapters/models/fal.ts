import { z } from 'zod'
import { createFalWebhooks } from './fal-webhooks.ts'
import type { ModelCall, ModelJobHandle, ModelJobState, ModelProvider } from './model-provider.ts'
import { createProviderExchange, excerptOf, isGood } from './provider-exchange.ts'
import type { HttpAnswer } from '../http-exchange.ts'

export interface FalOptions {
  readonly apiKey: string
  /** `https://queue.fal.run` */
  readonly baseUrl: string
  /** `https://rest.fal.ai/.well-known/jwks.json` */
  readonly jwksUrl: string
  readonly timeoutMs?: number
}

const PROVIDER = 'fal'

/** Results may hold an image as a data URL. */
const ANSWER_BYTES_MAX = 32 << 20

const receipt = z.object({
  request_id: z.string().min(1),
  status_url: z.url(),
  response_url: z.url(),
  cancel_url: z.url(),
})

const status = z.object({
  status: z.enum(['IN_QUEUE', 'IN_PROGRESS', 'COMPLETED']),
  error: z.string().nullish(),
})

/** Of models a list of what is wrong with the input, of the platform a sentence. */
const refusal = z.object({ detail: z.unknown() })

/**
 * The queue of fal. Its REST API, because the official client submits again by itself, four times when the
 * connection is cut. Nothing there can be looked up by a reference of ours, so there is no `find`. *Body:*
 * the model's input; *answer:* the model's result. *Source:* docs.fal.ai, queue and webhooks.
 */
export const createFal = (options: FalOptions): ModelProvider => {
  const exchange = createProviderExchange({
    provider: PROVIDER,
    baseUrl: options.baseUrl,
    headers: { authorization: `Key ${options.apiKey}` },
    timeoutMs: options.timeoutMs,
  })

  return {
    name: PROVIDER,
    submit: async (call, { signal }) => {
      const answer = await exchange.order({
        method: 'POST',
        path: pathOf(call),
        json: call.body,
        signal,
      })
      const { request_id: id, ...urls } = exchange.receipt(answer, receipt)
      return {
        status: 'accepted',
        handle: {
          id,
          urls: { status: urls.status_url, response: urls.response_url, cancel: urls.cancel_url },
        },
      }
    },
    inspect: async (handle, { signal }) => {
      const asked = await exchange.ask({ method: 'GET', path: placeOf(handle, 'status'), signal })
      if (asked.status === 404) return failedWith('not known any more')
      const state = exchange.read(asked, status)
      if (state.status !== 'COMPLETED') {
        const now = state.status === 'IN_QUEUE' ? 'queued' : 'processing'
        return { status: now, progressRatio: null }
      }
      const result = await exchange.ask({
        method: 'GET',
        path: placeOf(handle, 'response'),
        signal,
        answerBytesMax: ANSWER_BYTES_MAX,
      })
      const failure = isGood(result) ? null : failureOf(result)
      if (failure !== null) return failure
      const json = exchange.read(result, z.record(z.string(), z.unknown()))
      if (Object.keys(json).length === 0) return failedWith('completed without a result')
      return { status: 'completed', answer: { json } }
    },
    cancel: async (handle, { signal }) => {
      const answer = await exchange.ask({ method: 'PUT', path: placeOf(handle, 'cancel'), signal })
      // 400: completed already; 404: unknown.
      if (!isGood(answer) && answer.status !== 400 && answer.status !== 404) {
        throw exchange.refusal(answer)
      }
    },
    // Its addresses lead to the owner and the app alone, whatever else the model's path has.
    handleOf: ({ id, model }) => {
      const app = model.split('/').slice(0, 2).map(encodeURIComponent).join('/')
      const response = `${options.baseUrl}/${app}/requests/${encodeURIComponent(id)}`
      return {
        id,
        urls: { status: `${response}/status`, response, cancel: `${response}/cancel` },
      }
    },
    verifyWebhook: createFalWebhooks(options),
  }
}

const pathOf = ({ model, webhookUrl }: ModelCall): string => {
  const path = `/${model.split('/').map(encodeURIComponent).join('/')}`
  return webhookUrl === null ? path : `${path}?fal_webhook=${encodeURIComponent(webhookUrl)}`
}

/** The addresses that it gave lead to another path than the order's; of them only the path is used, so
 * that the key goes nowhere else than to the configured server. */
const placeOf = ({ urls }: ModelJobHandle, which: 'status' | 'response' | 'cancel'): string => {
  const { pathname, search } = new URL(urls?.[which] ?? '', 'https://queue.fal.invalid')
  return `${pathname}${search}`
}

const failedWith = (detail: string, isRejected = false): ModelJobState => ({
  status: 'failed',
  detail: `${PROVIDER}: ${detail}`,
  isRejected,
})

/** A result that is a failure; null: not the job failed, but the question. */
const failureOf = ({ status: code, headers, bodyText }: HttpAnswer): ModelJobState | null => {
  const type = headers['x-fal-error-type']
  if (code === 401 || code === 403 || code === 429) return null
  const parsed = refusal.safeParse(jsonOrNull(bodyText))
  if (!parsed.success && type === undefined) return null
  const detail = `${code} ${type ?? ''} ${excerptOf(bodyText)}`
  // 499: the request was cancelled.
  if (code === 499)
    return { status: 'canceled', detail: `${PROVIDER}: ${detail}`, isRejected: false }
  return failedWith(detail, code >= 400 && code < 500)
}

const jsonOrNull = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return null
  }
}
