import { z } from 'zod'
import { MediaError } from '../../domain/failures.ts'
import { verifyBodySignature } from '../webhooks/body-signature.ts'
import type { ModelJobState, ModelProvider } from './model-provider.ts'
import { createProviderExchange, excerptOf, isGood } from './provider-exchange.ts'
import { readWebhookBody } from './read-webhook-body.ts'
import { refuseUntilSettled, SETTLE_MS } from './settling.ts'

export interface AsyncVideoOptions {
  /** Null: a server of one's own that wants none. */
  readonly apiKey: string | null
  /** With its version: `https://video.example.com/v1`. */
  readonly baseUrl: string
  /** Null: webhooks cannot be judged, and the server is polled. While it is replaced, both with a comma
   * between. */
  readonly webhookSecret: string | null
  /** Where it puts `sha256=<hex HMAC of the body>`. */
  readonly signatureHeader: string
  readonly timeoutMs?: number
  readonly settleMs?: number
}

const PROVIDER = 'async-video'

/** The words that such services have for the five things that can be the matter. */
const WORDS = {
  queued: ['queued', 'pending', 'submitted', 'starting', 'created', 'in_queue'],
  processing: ['processing', 'running', 'in_progress', 'generating', 'started'],
  completed: ['completed', 'succeeded', 'success', 'done', 'ready', 'finished'],
  failed: ['failed', 'error', 'rejected'],
  canceled: ['canceled', 'cancelled', 'aborted'],
} as const satisfies Record<ModelJobState['status'], readonly string[]>

type Status = keyof typeof WORDS
const STATUSES = Object.keys(WORDS) as Status[]

const statusWord = z.string().transform((word, context): Status => {
  const plain = word.toLowerCase().replaceAll(/[\s-]/g, '_')
  const status = STATUSES.find((name) => (WORDS[name] as readonly string[]).includes(plain))
  if (status !== undefined) return status
  context.addIssue({ code: 'custom', message: 'is no status' })
  return z.NEVER
})

const receipt = z.object({ id: z.string().min(1) })
const job = z.looseObject({
  id: z.string(),
  status: statusWord,
  /** 0 to 1, or per cent. */
  progress: z.number().nullish(),
  error: z.unknown().optional(),
})
const found = z.object({ data: z.array(z.object({ id: z.string(), reference: z.string() })) })
const news = z.object({ status: statusWord })

/**
 * The shape that services for video have in common: `POST /videos` starts a job, `GET /videos/:id` tells of
 * it, `POST /videos/:id/cancel` stops it, a webhook is sent when it has ended. The order carries our
 * reference as `Idempotency-Key` and as `reference`; `GET /videos?reference=` finds it again, where the
 * server has that. *Body:* what goes beside `model`; *answer:* `{url, urls}`. docs/configuration.md has
 * the whole of it.
 */
export const createAsyncVideo = (options: AsyncVideoOptions): ModelProvider => {
  const { apiKey, webhookSecret, signatureHeader } = options
  const exchange = createProviderExchange({
    provider: PROVIDER,
    baseUrl: options.baseUrl,
    headers: apiKey === null ? {} : { authorization: `Bearer ${apiKey}` },
    timeoutMs: options.timeoutMs,
  })
  const pathOf = (id: string) => `/videos/${encodeURIComponent(id)}`

  return {
    name: PROVIDER,
    submit: async ({ model, body, reference, webhookUrl }, { signal }) => {
      const answer = await exchange.order({
        method: 'POST',
        path: '/videos',
        headers: { 'idempotency-key': reference },
        json: {
          ...body,
          model,
          reference,
          ...(webhookUrl === null ? {} : { webhook_url: webhookUrl }),
        },
        signal,
      })
      return { status: 'accepted', handle: { id: exchange.receipt(answer, receipt).id } }
    },
    inspect: async ({ id }, { signal }) => {
      const answer = await exchange.ask({ method: 'GET', path: pathOf(id), signal })
      if (answer.status === 404) return failedWith('not known any more')
      return stateOf(exchange.read(answer, job))
    },
    cancel: async ({ id }, { signal }) => {
      const answer = await exchange.ask({ method: 'POST', path: `${pathOf(id)}/cancel`, signal })
      // One that is over, or unknown, or a server that cannot cancel.
      const isLeftAlone = [400, 404, 405, 409, 410, 422].includes(answer.status)
      if (!isGood(answer) && !isLeftAlone) throw exchange.refusal(answer)
    },
    find: async (order, { signal }) => {
      const path = `/videos?reference=${encodeURIComponent(order.reference)}`
      const answer = await exchange.ask({ method: 'GET', path, signal })
      if (answer.status === 404 || answer.status === 405 || answer.status === 501) {
        throw new MediaError('PROVIDER_OUTCOME_UNKNOWN', `${PROVIDER} cannot search`)
      }
      const { data } = exchange.read(answer, found)
      const same = data.find(({ reference }) => reference === order.reference)
      if (same !== undefined) return { id: same.id }
      refuseUntilSettled(PROVIDER, order, options.settleMs ?? SETTLE_MS)
      return null
    },
    ...(webhookSecret === null
      ? {}
      : {
          verifyWebhook: ({ headers, rawBody }) => {
            verifyBodySignature({
              secret: webhookSecret.split(',').map((secret) => secret.trim()),
              headerName: signatureHeader,
              headers,
              rawBody,
            })
            const { status } = readWebhookBody(rawBody, news)
            return Promise.resolve({ ended: status !== 'queued' && status !== 'processing' })
          },
        }),
  }
}

const stateOf = (answer: z.output<typeof job>): ModelJobState => {
  const { status, progress, error } = answer
  switch (status) {
    case 'queued':
    case 'processing':
      return { status, progressRatio: progress == null ? null : ratioOf(progress) }
    case 'completed': {
      const urls = urlsIn(answer)
      const [url] = urls
      if (url === undefined) return failedWith('completed without a video')
      return { status, answer: { json: { url, urls } } }
    }
    case 'failed': {
      const reason = JSON.stringify(error ?? 'no reason')
      return failedWith(excerptOf(reason), /moderat|polic|unsafe|invalid|sensitive/i.test(reason))
    }
    case 'canceled':
      return { status, detail: `${PROVIDER}: canceled`, isRejected: false }
  }
}

const ratioOf = (progress: number): number =>
  Math.max(0, Math.min(1, progress > 1 ? progress / 100 : progress))

/** Where services put the address of what they made. */
const FIELDS = [
  'url',
  'urls',
  'video_url',
  'output_url',
  'output',
  'video',
  'videos',
  'result',
] as const

/** In order, each once. */
const urlsIn = (value: unknown, depth = 0): string[] => {
  if (typeof value === 'string') return /^https?:\/\//.test(value) ? [value] : []
  if (typeof value !== 'object' || value === null || depth > 3) return []
  const parts: unknown[] = Array.isArray(value)
    ? value
    : FIELDS.map((name) => (value as Record<string, unknown>)[name])
  return [...new Set(parts.flatMap((part) => urlsIn(part, depth + 1)))]
}

const failedWith = (detail: string, isRejected = false): ModelJobState => ({
  status: 'failed',
  detail: `${PROVIDER}: ${detail}`,
  isRejected,
})
