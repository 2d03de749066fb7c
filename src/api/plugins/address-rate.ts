import type { FastifyInstance, onRequestAsyncHookHandler } from 'fastify'
import { MediaError } from '../../domain/failures.ts'

/** Probes come from few addresses, often, and must be answered when all else is refused. */
const EXEMPT = new Set(['/healthz', '/readyz'])

/**
 * Bounds what one address may ask for, before anything is looked up for it. A hook of the root and not
 * the plugin's own, which runs behind the hooks of a route's scope: there a guessed key has already
 * cost its look-up and its refusal would not be counted.
 */
export const limitAddressRate = (
  app: FastifyInstance,
  perMinute: number,
): onRequestAsyncHookHandler => {
  const checkRate = app.createRateLimit({ max: perMinute, timeWindow: 60_000 })
  return async (request) => {
    if (EXEMPT.has(request.routeOptions.url ?? '')) return
    const rate = await checkRate(request)
    if (rate.isAllowed || !rate.isExceeded) return
    throw new MediaError('RATE_LIMITED', 'too many requests from one address', {
      retryAfterMs: rate.ttl,
    })
  }
}
