import { MediaError } from '../../domain/failures.ts'
import type { PlacedOrder } from './model-provider.ts'

/** Longer than an order of ours can be under way after its connection was cut. */
export const SETTLE_MS = 15_000

/** An order that is not found yet may still be on its way. *Errors:* PROVIDER_UNAVAILABLE, with the time
 * after which "not found" means that there is none. */
export const refuseUntilSettled = (
  provider: string,
  { orderedAtMs }: Pick<PlacedOrder, 'orderedAtMs'>,
  settleMs: number,
): void => {
  const retryAfterMs = orderedAtMs + settleMs - Date.now()
  if (retryAfterMs <= 0) return
  throw new MediaError('PROVIDER_UNAVAILABLE', `${provider} may not list the order yet`, {
    retryAfterMs,
  })
}
