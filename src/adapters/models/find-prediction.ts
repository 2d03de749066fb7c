import { z } from 'zod'
import { MediaError } from '../../domain/failures.ts'
import { refuseUntilSettled } from './settling.ts'
import type { ModelJobHandle, PlacedOrder } from './model-provider.ts'
import type { ProviderExchange } from './provider-exchange.ts'

/** In the query of the webhook's URL: the one thing of ours that a prediction keeps. */
const PARAMETER = 'order'

/** A webhook's URL that carries the reference of the order. */
export const withReference = (webhookUrl: string, reference: string): string => {
  const url = new URL(webhookUrl)
  url.searchParams.set(PARAMETER, reference)
  return url.href
}

/** Their clock against ours. */
const CLOCK_SKEW_MS = 60_000
/** 100 a page: ten thousand predictions since an order that was lost a moment ago is a lot. */
const PAGES_MAX = 100

const listed = z.object({
  id: z.string(),
  created_at: z.string(),
  model: z.string().nullish(),
  webhook: z.string().nullish(),
  input: z.record(z.string(), z.unknown()).nullish(),
})
type Listed = z.output<typeof listed>
const page = z.object({ results: z.array(listed), next: z.string().nullish() })

interface PredictionSearch {
  readonly order: PlacedOrder
  readonly settleMs: number
  readonly answerBytesMax: number
  readonly signal?: AbortSignal | undefined
}

/**
 * The prediction of an order, by the reference in its webhook's URL: every prediction since the order is
 * looked at. One without a webhook can only be told by its input, and if that is the same it may be this
 * order or another's. *Errors:* as of `ModelProvider.find`.
 */
export const findPrediction = async (
  exchange: ProviderExchange,
  search: PredictionSearch,
): Promise<ModelJobHandle | null> => {
  const { order } = search
  for await (const candidate of predictionsSince(exchange, search)) {
    if (!isOfModel(candidate, order.model)) continue
    const { id, webhook, input } = await complete(exchange, search, candidate)
    if (webhook == null) {
      if (!resembles(input ?? {}, order.body)) continue
      throw unknown(`${id} may be the order, or another one of the same`)
    }
    if (referenceIn(webhook) === order.reference) return { id }
  }
  refuseUntilSettled('replicate', order, search.settleMs)
  return null
}

const isOfModel = ({ model }: Listed, ordered: string): boolean => {
  const name = ordered.split(':')[0] ?? ordered
  // A version that is ordered without a name has no name to compare.
  return model == null || !name.includes('/') || model === name
}

const referenceIn = (webhook: string): string | null =>
  URL.canParse(webhook) ? new URL(webhook).searchParams.get(PARAMETER) : null

/** The list may leave out what a prediction says of itself. */
const complete = async (
  exchange: ProviderExchange,
  { answerBytesMax, signal }: PredictionSearch,
  candidate: Listed,
): Promise<Listed> => {
  if (candidate.webhook != null) return candidate
  const path = `/v1/predictions/${encodeURIComponent(candidate.id)}`
  return exchange.read(await exchange.ask({ method: 'GET', path, signal, answerBytesMax }), listed)
}

/** Whether what was asked for is the same, addresses apart: those of a second order are signed anew. An
 * input that was removed resembles all. */
const resembles = (
  input: Readonly<Record<string, unknown>>,
  body: Readonly<Record<string, unknown>>,
): boolean => {
  const plain = (value: unknown): string =>
    JSON.stringify(value, (_, part: unknown) =>
      typeof part === 'string' && /^https?:/.test(part) ? '[address]' : part,
    )
  return (
    Object.keys(input).length === 0 ||
    Object.entries(body).every(([name, value]) => plain(input[name]) === plain(value))
  )
}

async function* predictionsSince(
  exchange: ProviderExchange,
  { order, answerBytesMax, signal }: PredictionSearch,
): AsyncGenerator<Listed> {
  const earliestMs = order.orderedAtMs - CLOCK_SKEW_MS
  let path = '/v1/predictions'
  for (let count = 0; count < PAGES_MAX; count += 1) {
    const answer = await exchange.ask({ method: 'GET', path, signal, answerBytesMax })
    const { results, next } = exchange.read(answer, page)
    for (const candidate of results) {
      // Newest first.
      if (Date.parse(candidate.created_at) < earliestMs) return
      yield candidate
    }
    if (next == null) return
    // Only its cursor: the key goes nowhere else than to the configured server.
    path = `/v1/predictions${new URL(next, 'https://replicate.invalid').search}`
  }
  throw unknown('the list of predictions goes on and on')
}

const unknown = (detail: string): MediaError =>
  new MediaError('PROVIDER_OUTCOME_UNKNOWN', `replicate: ${detail}`)
