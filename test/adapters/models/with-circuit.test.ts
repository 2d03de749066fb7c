import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ModelProvider } from '../../../src/adapters/models/model-provider.ts'
import { withCircuit, type CircuitState } from '../../../src/adapters/models/with-circuit.ts'
import { MediaError, type FailureCode } from '../../../src/domain/failures.ts'

const CALL = {
  operation: 'generateImage',
  model: 'm',
  body: {},
  reference: 'r',
  webhookUrl: null,
} as const

/** A provider whose weather is set by hand. */
const provider = () => {
  const calls = { submit: 0, cancel: 0 }
  let failure: MediaError | null = null
  const weather = (): void => {
    if (failure !== null) throw failure
  }
  const own: ModelProvider = {
    name: 'somebody',
    submit: () => {
      calls.submit += 1
      return Promise.resolve()
        .then(weather)
        .then(() => {
          return { status: 'accepted', handle: { id: 'job' } } as const
        })
    },
    inspect: () =>
      Promise.resolve()
        .then(weather)
        .then(() => {
          return { status: 'queued', progressRatio: null } as const
        }),
    cancel: () => {
      calls.cancel += 1
      return Promise.resolve()
    },
    verifyWebhook: () => Promise.resolve({ ended: true }),
  }
  const fail = (code: FailureCode | null, retryAfterMs?: number): void => {
    const more = retryAfterMs === undefined ? {} : { retryAfterMs }
    failure = code === null ? null : new MediaError(code, 'bad weather', more)
  }
  return { own, calls, fail }
}

const guarded = () => {
  const { own, ...rest } = provider()
  const states: CircuitState[] = []
  const circuit = withCircuit(own, {
    onChange: (state) => states.push(state),
    failuresMax: 3,
    openMs: 10_000,
  })
  const order = async () =>
    await circuit.submit(CALL, { folder: '/nowhere' }).then(
      () => 'taken' as const,
      (error: unknown) => error as MediaError,
    )
  return { circuit, order, states, ...rest }
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('a circuit', () => {
  it('opens after failures in a row, and then leaves the provider alone', async () => {
    const { order, calls, fail, states } = guarded()
    fail('PROVIDER_UNAVAILABLE')
    for (let count = 0; count < 3; count += 1) await order()
    expect(states).toEqual(['open'])
    vi.advanceTimersByTime(4_000)
    expect(await order()).toMatchObject({ code: 'PROVIDER_UNAVAILABLE', retryAfterMs: 6_000 })
    expect(calls.submit).toBe(3)
  })

  it('tries one call when its time is over, and closes if that goes well', async () => {
    const { order, calls, fail, states } = guarded()
    fail('PROVIDER_OUTCOME_UNKNOWN')
    for (let count = 0; count < 3; count += 1) await order()
    fail(null)
    vi.advanceTimersByTime(10_000)
    expect(await Promise.all([order(), order()])).toEqual(['taken', 'taken'])
    expect(states).toEqual(['open', 'half-open', 'closed'])
    expect(calls.submit).toBe(5)
  })

  it('opens again after one call that goes wrong, and lets no other through', async () => {
    const { order, calls, fail, states } = guarded()
    fail('PROVIDER_UNAVAILABLE')
    for (let count = 0; count < 3; count += 1) await order()
    vi.advanceTimersByTime(10_000)
    await Promise.all([order(), order(), order()])
    expect(calls.submit).toBe(4)
    expect(states).toEqual(['open', 'half-open', 'open'])
  })

  it('counts failures in a row only', async () => {
    const { order, fail, states } = guarded()
    for (let count = 0; count < 6; count += 1) {
      fail(count % 3 === 2 ? null : 'PROVIDER_UNAVAILABLE')
      await order()
    }
    expect(states).toEqual([])
  })

  it.each([
    ['a refusal', 'PROVIDER_REJECTED', undefined],
    ['a bad result', 'PROVIDER_OUTPUT_INVALID', undefined],
    ['a rate limit that names its time', 'PROVIDER_UNAVAILABLE', 2_000],
    ['a cancel', 'CANCELED', undefined],
  ] as const)('stays closed after %s: it says that the provider is there', async (...given) => {
    const [, code, retryAfterMs] = given
    const { order, fail, states } = guarded()
    fail(code, retryAfterMs)
    for (let count = 0; count < 5; count += 1) expect(await order()).toMatchObject({ code })
    expect(states).toEqual([])
  })

  it('lets cancels and webhooks through while it is open', async () => {
    const { circuit, order, calls, fail } = guarded()
    fail('PROVIDER_UNAVAILABLE')
    for (let count = 0; count < 3; count += 1) await order()
    await circuit.cancel({ id: 'job' }, {})
    expect(calls.cancel).toBe(1)
    const webhook = { headers: {}, rawBody: new Uint8Array(), nowSeconds: 1 }
    expect(await circuit.verifyWebhook?.(webhook)).toEqual({ ended: true })
    await expect(circuit.inspect({ id: 'job' }, { folder: '/nowhere' })).rejects.toMatchObject({
      code: 'PROVIDER_UNAVAILABLE',
    })
  })

  it('adds nothing that the provider cannot do', () => {
    expect(guarded().circuit.find).toBeUndefined()
  })
})
