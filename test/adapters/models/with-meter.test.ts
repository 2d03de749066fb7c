import { expect, test } from 'vitest'
import type { ModelProvider } from '../../../src/adapters/models/model-provider.ts'
import { withMeter, type ProviderMeter } from '../../../src/adapters/models/with-meter.ts'
import { MediaError } from '../../../src/domain/failures.ts'

type Call = Parameters<ProviderMeter['providerCalled']>[0]

const CALL = {
  operation: 'generateImage',
  model: 'card',
  body: {},
  reference: 'exec_1:job-card:1',
  webhookUrl: null,
} as const

/** A provider that does as it is told, and what was measured of it. */
const measured = (submit: ModelProvider['submit']) => {
  const calls: Call[] = []
  const provider: ModelProvider = {
    name: 'studio',
    submit,
    inspect: async () => ({ status: 'processing', progressRatio: null }),
    cancel: async () => undefined,
  }
  return {
    calls,
    provider: withMeter(provider, { providerCalled: (call) => calls.push(call) }),
  }
}

test('every call is counted with its time, and a failure with its code', async () => {
  const { calls, provider } = measured(() =>
    Promise.reject(new MediaError('PROVIDER_UNAVAILABLE', 'studio answered 503')),
  )
  await expect(provider.submit(CALL, { folder: '/nowhere' })).rejects.toThrow('503')
  await provider.inspect({ id: '1' }, { folder: '/nowhere' })
  await provider.cancel({ id: '1' }, {})
  const seen = calls.map(({ provider: name, call, failure }) => [name, call, failure])
  expect(seen).toEqual([
    ['studio', 'submit', 'PROVIDER_UNAVAILABLE'],
    ['studio', 'inspect', null],
    ['studio', 'cancel', null],
  ])
  for (const { seconds } of calls) expect(seconds).toBeGreaterThanOrEqual(0)
})

test('a call that we gave up says nothing about the provider', async () => {
  const giveUp = new AbortController()
  const { calls, provider } = measured((_call, { signal }) => {
    giveUp.abort(new Error('canceled'))
    return Promise.reject(signal?.reason as Error)
  })
  const submitted = provider.submit(CALL, { folder: '/nowhere', signal: giveUp.signal })
  await expect(submitted).rejects.toThrow('canceled')
  expect(calls).toEqual([])
})

test('what a provider cannot do it cannot do when it is measured either', () => {
  const { provider } = measured(() => Promise.reject(new Error('unused')))
  expect(provider.find).toBeUndefined()
  expect(provider.verifyWebhook).toBeUndefined()
  expect(provider.handleOf).toBeUndefined()
})
