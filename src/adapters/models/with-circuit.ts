import {
  BrokenCircuitError,
  circuitBreaker,
  CircuitState as BreakerState,
  ConsecutiveBreaker,
  handleWhen,
} from 'cockatiel'
import { MediaError } from '../../domain/failures.ts'
import type { ModelProvider } from './model-provider.ts'

/**
 * - `closed`: calls go through.
 * - `open`: after so many failures in a row none does, until the time is over.
 * - `half-open`: one call tries whether the provider is well again; the others wait for what comes of it.
 */
export type CircuitState = 'closed' | 'open' | 'half-open'

const NAMES: Readonly<Record<BreakerState, CircuitState>> = {
  [BreakerState.Closed]: 'closed',
  [BreakerState.Open]: 'open',
  [BreakerState.HalfOpen]: 'half-open',
  // Nobody holds one open by hand.
  [BreakerState.Isolated]: 'open',
}

/** One bad answer is bad luck; so many in a row are an outage. */
const FAILURES_MAX = 5
/** About as long as a load balancer takes to put a sick machine aside. */
const OPEN_MS = 30_000

/** Of an outage, not of us: a provider that names a time (429, 503) is well, and is to be left alone for
 * that long; one that refuses an order is well, too. */
const isOutage = (error: unknown): boolean =>
  error instanceof MediaError &&
  (error.code === 'PROVIDER_UNAVAILABLE'
    ? error.retryAfterMs === undefined
    : error.code === 'PROVIDER_OUTCOME_UNKNOWN')

/**
 * A provider that is left alone during an outage: while the circuit is open, orders and questions are
 * PROVIDER_UNAVAILABLE at once, with the time until it is tried again. Cancels, and searches for lost orders,
 * are rare and always sent, and a webhook is always judged. Each process has its own.
 */
export const withCircuit = (
  provider: ModelProvider,
  options: {
    readonly onChange?: (state: CircuitState) => void
    /** In a row. */
    readonly failuresMax?: number
    readonly openMs?: number
  } = {},
): ModelProvider => {
  const { onChange, failuresMax = FAILURES_MAX, openMs = OPEN_MS } = options
  const circuit = circuitBreaker(handleWhen(isOutage), {
    halfOpenAfter: openMs,
    breaker: new ConsecutiveBreaker(failuresMax),
  })
  let openedAtMs = 0
  circuit.onStateChange((state) => {
    if (state === BreakerState.Open) openedAtMs = performance.now()
    onChange?.(NAMES[state])
  })

  const guarded = async <T>(call: () => Promise<T>): Promise<T> => {
    try {
      return await circuit.execute(call)
    } catch (error) {
      if (!(error instanceof BrokenCircuitError)) throw error
      const retryAfterMs = Math.max(1, Math.ceil(openedAtMs + openMs - performance.now()))
      throw new MediaError('PROVIDER_UNAVAILABLE', `${provider.name} is left alone`, {
        retryAfterMs,
      })
    }
  }

  return {
    ...provider,
    submit: async (...given) => await guarded(() => provider.submit(...given)),
    inspect: async (...given) => await guarded(() => provider.inspect(...given)),
  }
}
