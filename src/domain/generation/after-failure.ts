import { failureRule, type FailureCode } from '../failures.ts'
import { LOCAL_PROVIDER } from './model-queue.ts'

/**
 * - `again`: a new order of the same model at the same provider.
 * - `fall back`: the next choice, if there is one.
 * - `ask`: nobody knows whether the order was taken; an operator decides.
 * - `give up`: no other model would make it better.
 */
export type NextMove = 'again' | 'fall back' | 'ask' | 'give up'

/** Orders of one choice in one round. A second one pays for bad luck; a third would for a bad choice. */
const ORDERS_PER_CHOICE_MAX = 2

/** What a provider did, so that another one may do better. */
const PROVIDERS_FAULT: ReadonlySet<FailureCode> = new Set<FailureCode>([
  'PROVIDER_UNAVAILABLE',
  'PROVIDER_REJECTED',
  'PROVIDER_FAILED',
  'PROVIDER_OUTPUT_INVALID',
  'NOT_CONFIGURED',
])

/** What the model may not do a second time. */
const BAD_LUCK: ReadonlySet<FailureCode> = new Set<FailureCode>([
  'PROVIDER_FAILED',
  'PROVIDER_OUTPUT_INVALID',
])

/** What is done after a paid order has failed. *Input:* `orderCount`, of this choice in this round. */
export const afterFailure = (failure: FailureCode, orderCount: number): NextMove => {
  if (failure === 'PROVIDER_OUTCOME_UNKNOWN') return 'ask'
  if (BAD_LUCK.has(failure) && orderCount < ORDERS_PER_CHOICE_MAX) return 'again'
  return PROVIDERS_FAULT.has(failure) ? 'fall back' : 'give up'
}

/** After these an order was surely not taken, or is over. */
const SURELY_OVER: ReadonlySet<FailureCode> = new Set<FailureCode>([
  'PROVIDER_UNAVAILABLE',
  'PROVIDER_REJECTED',
  'PROVIDER_FAILED',
  'NOT_CONFIGURED',
])

/** What the failure of a submission means for the order: whatever broke on our side, a worker or a
 * database, may have broken after the provider had taken it. */
export const failureOfSubmission = (failure: FailureCode, provider: string): FailureCode => {
  const isOver = SURELY_OVER.has(failure) || failureRule(failure).blame === 'caller'
  return isOver || provider === LOCAL_PROVIDER ? failure : 'PROVIDER_OUTCOME_UNKNOWN'
}

/** How long a job waits before it looks whether somebody else has made the same: from half a second
 * to half a minute. */
export const lookAgainAfterMs = (looks: number): number => Math.min(30_000, 500 * 2 ** looks)

/** How long a job waits before its provider is asked how it is. Who tells us is asked seldom, in case
 * that the news was lost; who does not, after a second at first, and then ever less often, so that no job
 * is found done much later than it took. */
export const pollAfterMs = (
  asks: number,
  provider: { readonly hasWebhook: boolean; readonly pollIntervalMs: number },
): number => {
  const { hasWebhook, pollIntervalMs } = provider
  return hasWebhook ? pollIntervalMs : Math.min(pollIntervalMs, 1_000 * 1.3 ** asks)
}
