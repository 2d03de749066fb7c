import { z } from 'zod'
import { verifyWebhook } from '../webhooks/standard-webhooks.ts'
import type { ModelCall, ModelJobState, ModelProvider } from './model-provider.ts'
import { findPrediction, withReference } from './find-prediction.ts'
import { createProviderExchange, excerptOf, isGood } from './provider-exchange.ts'
import { readWebhookBody } from './read-webhook-body.ts'
import { remembered } from './remembered.ts'
import { SETTLE_MS } from './settling.ts'

export interface ReplicateOptions {
  readonly apiKey: string
  /** `https://api.replicate.com` */
  readonly baseUrl: string
  /** `whsec_…`; null: asked for with the key. While it is replaced, both with a comma between. */
  readonly webhookSecret: string | null
  readonly timeoutMs?: number
  /** An order that was cut off may need this long to show in the list. */
  readonly settleMs?: number
}

const PROVIDER = 'replicate'

/** A prediction echoes its input, in which images may be, and its log beside the output. */
const ANSWER_BYTES_MAX = 64 << 20

const STATUSES = [
  'starting',
  'processing',
  'succeeded',
  'failed',
  'canceled',
  // In the official client's types, and nowhere in its documents.
  'aborted',
] as const

const prediction = z.object({
  id: z.string().min(1),
  status: z.enum(STATUSES),
  output: z.unknown().optional(),
  error: z.unknown().optional(),
})
type Prediction = z.output<typeof prediction>

const receipt = z.object({ id: z.string().min(1) })

/**
 * Predictions of Replicate. Its REST API, because the official client sends a creation again, up to six
 * times within a quarter of a second, when the answer is lost. *Body:* the `input`; *answer:* the `output`
 * alone. *Source:* replicate.com/docs/reference/http.
 */
export const createReplicate = (options: ReplicateOptions): ModelProvider => {
  const exchange = createProviderExchange({
    provider: PROVIDER,
    baseUrl: options.baseUrl,
    headers: { authorization: `Bearer ${options.apiKey}` },
    timeoutMs: options.timeoutMs,
  })
  const secrets = secretsOf(options.webhookSecret, async () => {
    const answer = await exchange.ask({ method: 'GET', path: '/v1/webhooks/default/secret' })
    return exchange.read(answer, z.object({ key: z.string().startsWith('whsec_') })).key
  })
  const pathOf = (id: string) => `/v1/predictions/${encodeURIComponent(id)}`

  return {
    name: PROVIDER,
    submit: async (call, { signal }) => {
      const { path, version } = placeOf(call.model)
      const answer = await exchange.order({
        method: 'POST',
        path,
        json: {
          ...(version === null ? {} : { version }),
          input: call.body,
          ...webhookOf(call),
        },
        signal,
        answerBytesMax: ANSWER_BYTES_MAX,
      })
      return { status: 'accepted', handle: { id: exchange.receipt(answer, receipt).id } }
    },
    inspect: async ({ id }, { signal }) => {
      const answer = await exchange.ask({
        method: 'GET',
        path: pathOf(id),
        signal,
        answerBytesMax: ANSWER_BYTES_MAX,
      })
      if (answer.status === 404) return failedWith('not known any more')
      return stateOf(exchange.read(answer, prediction.extend({ id: z.literal(id) })))
    },
    cancel: async ({ id }, { signal }) => {
      const answer = await exchange.ask({ method: 'POST', path: `${pathOf(id)}/cancel`, signal })
      // One that is over is answered with itself, or with a refusal.
      if (!isGood(answer) && ![404, 409, 422].includes(answer.status))
        throw exchange.refusal(answer)
    },
    find: async (order, { signal }) =>
      await findPrediction(exchange, {
        order,
        signal,
        settleMs: options.settleMs ?? SETTLE_MS,
        answerBytesMax: ANSWER_BYTES_MAX,
      }),
    verifyWebhook: async (webhook) => {
      verifyWebhook({ secrets: await secrets(), ...webhook })
      const { status } = readWebhookBody(webhook.rawBody, z.object({ status: z.enum(STATUSES) }))
      return { ended: status !== 'starting' && status !== 'processing' }
    },
  }
}

/** Official models are run by their name, all others by their version. */
const placeOf = (model: string): { readonly path: string; readonly version: string | null } => {
  const [name = '', version] = model.split(':')
  if (version !== undefined) return { path: '/v1/predictions', version }
  const [owner, rest] = name.split('/')
  if (rest === undefined) return { path: '/v1/predictions', version: name }
  const path = `/v1/models/${encodeURIComponent(owner ?? '')}/${encodeURIComponent(rest)}/predictions`
  return { path, version: null }
}

const webhookOf = ({ webhookUrl, reference }: ModelCall) =>
  webhookUrl === null
    ? {}
    : { webhook: withReference(webhookUrl, reference), webhook_events_filter: ['completed'] }

const failedWith = (detail: string, isRejected = false): ModelJobState => ({
  status: 'failed',
  detail: `${PROVIDER}: ${detail}`,
  isRejected,
})

/** Their codes for input that was flagged, and for input that cannot be. */
const REJECTIONS = /\bE00[56]\b|\bNSFW\b|flagged as sensitive|safety/i

const stateOf = ({ status, output, error }: Prediction): ModelJobState => {
  switch (status) {
    case 'starting':
      return { status: 'queued', progressRatio: null }
    case 'processing':
      return { status: 'processing', progressRatio: null }
    case 'succeeded':
      // Its outputs are removed after an hour.
      if (isEmpty(output)) return failedWith('succeeded without an output')
      return { status: 'completed', answer: { json: output } }
    case 'failed': {
      const reason = typeof error === 'string' ? error : JSON.stringify(error ?? 'no reason')
      return failedWith(excerptOf(reason), REJECTIONS.test(reason))
    }
    case 'canceled':
    case 'aborted':
      return { status: 'canceled', detail: `${PROVIDER}: ${status}`, isRejected: false }
  }
}

const isEmpty = (output: unknown): boolean =>
  output === null ||
  output === undefined ||
  output === '' ||
  (Array.isArray(output) && output.length === 0)

/** The secrets that may sign. */
const secretsOf = (given: string | null, askFor: () => Promise<string>) =>
  given === null
    ? remembered(async () => [await askFor()])
    : () => Promise.resolve(given.split(',').map((secret) => secret.trim()))
