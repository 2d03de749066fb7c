import { describe, expect, it } from 'vitest'
import { createReplicate } from '../../../src/adapters/models/replicate.ts'
import { newWebhookSecret, signWebhook } from '../../../src/adapters/webhooks/standard-webhooks.ts'
import { startFakeHttpService } from '../../support/fake-http-service.ts'
import { startFakeReplicate, type FakeReplicate } from '../../support/fake-replicate.ts'
import {
  accept,
  providerWorld,
  provesToBeProvider,
  type ProviderSubject,
} from './provider-contract.ts'
import { provesToSignWebhooks } from './webhook-contract.ts'

const subject: ProviderSubject = {
  start: startFakeReplicate,
  create: (options) => createReplicate({ ...options, webhookSecret: null, settleMs: 0 }),
  call: {
    operation: 'generateImage',
    model: 'google/nano-banana',
    body: { prompt: 'a red fox', aspect_ratio: '16:9' },
  },
  answers: 'later',
}

provesToBeProvider('replicate', subject)
provesToSignWebhooks('replicate', subject, { hasTime: true })

describe('replicate', () => {
  const world = providerWorld(subject)

  it('is asked for an official model by its name, and gives its output alone', async () => {
    const { fake, provider, folder } = world()
    const handle = await accept(world())
    expect(fake.requests[0]?.url.pathname).toBe('/v1/models/google/nano-banana/predictions')
    expect(JSON.parse(fake.requests[0]?.body.toString() ?? '')).toEqual({
      input: { prompt: 'a red fox', aspect_ratio: '16:9' },
    })
    const state = await provider.inspect(handle, { folder })
    const json = `${fake.baseUrl}/files/image-320x180.png`
    expect(state).toEqual({ status: 'completed', answer: { json } })
  })

  it('is asked for any other model by its version', async () => {
    const { fake, provider, call, folder } = world()
    const version = 'a'.repeat(64)
    await provider.submit({ ...call, model: `somebody/something:${version}` }, { folder })
    await provider.submit({ ...call, model: version }, { folder })
    for (const { url, body } of fake.requests) {
      expect(url.pathname).toBe('/v1/predictions')
      expect(JSON.parse(body.toString())).toMatchObject({ version })
    }
  })

  it('is told where to report, with the reference of the order, and only of the end', async () => {
    const { fake, provider, call, folder } = world()
    const webhookUrl = `${fake.baseUrl}/nobody/there`
    await provider.submit({ ...call, webhookUrl }, { folder })
    expect(JSON.parse(fake.requests[0]?.body.toString() ?? '')).toMatchObject({
      webhook: `${webhookUrl}?order=exec_1%3Ajob+a`,
      webhook_events_filter: ['completed'],
    })
  })

  it('that tells of another job than the one that was asked for is not understood', async () => {
    const { folder } = world()
    const service = await startFakeHttpService(() => ({
      body: JSON.stringify({ id: 'another', status: 'succeeded', output: 'https://x.example/a' }),
    }))
    const { baseUrl } = service
    const provider = createReplicate({ apiKey: 'key', baseUrl, webhookSecret: null })
    await expect(provider.inspect({ id: 'ours' }, { folder })).rejects.toMatchObject({
      code: 'PROVIDER_OUTPUT_INVALID',
    })
    await service.close()
  })

  it('believes both secrets while one is replaced, and one of several signatures', async () => {
    const { fake, call, folder } = world()
    const [old, current] = [newWebhookSecret(), newWebhookSecret()]
    const options = { apiKey: fake.apiKey, baseUrl: fake.baseUrl }
    const provider = createReplicate({ ...options, webhookSecret: `${old},${current}` })
    await provider.submit(call, { folder })
    const nowSeconds = Math.floor(Date.now() / 1000)
    const body = JSON.stringify({ status: 'aborted' })
    for (const secret of [old, current, [newWebhookSecret(), current]]) {
      const headers = signWebhook({ secret, id: 'msg_1', timestampSeconds: nowSeconds, body })
      const judged = provider.verifyWebhook?.({ headers, rawBody: Buffer.from(body), nowSeconds })
      expect(await judged).toEqual({ ended: true })
    }
  })

  it('knows news of a job in work from its end, and news that are none', async () => {
    const { fake, provider } = world()
    const nowSeconds = Math.floor(Date.now() / 1000)
    const judge = async (body: string) => {
      const secret = (fake as FakeReplicate).webhookSecret
      const headers = signWebhook({ secret, id: 'msg_1', timestampSeconds: nowSeconds, body })
      return await provider.verifyWebhook?.({ headers, rawBody: Buffer.from(body), nowSeconds })
    }
    expect(await judge('{"status":"processing"}')).toEqual({ ended: false })
    const malformed = { code: 'BODY_MALFORMED' }
    await expect(judge('{"status":"sleeping"}')).rejects.toMatchObject(malformed)
    await expect(judge('<html>')).rejects.toMatchObject(malformed)
    // The secret was asked for once.
    expect(fake.requests).toHaveLength(1)
  })

  it('is not believed, and not for good, when its secret cannot be had', async () => {
    const { fake, provider } = world()
    fake.revokeKey()
    const webhook = { headers: {}, rawBody: Buffer.from('{}'), nowSeconds: 1 }
    await expect(provider.verifyWebhook?.(webhook)).rejects.toMatchObject({
      code: 'PROVIDER_REJECTED',
    })
    await expect(provider.verifyWebhook?.(webhook)).rejects.toBeDefined()
    expect(fake.requests).toHaveLength(1)
  })
})

describe.each([
  ['the list', true],
  ['each prediction', false],
])(
  'an order of Replicate whose answer was lost, when %s tells of webhooks',
  (_who, listsWebhooks) => {
    const world = providerWorld({
      ...subject,
      start: () => startFakeReplicate({ listsWebhooks, pageSize: 2 }),
    })
    const orderedAtMs = Date.now() - 60_000

    it('is found by its reference among others of the same, on any page', async () => {
      const { fake, provider, call, folder } = world()
      const webhookUrl = `${fake.baseUrl}/nobody/there`
      const lost = { ...call, webhookUrl, reference: 'lost' }
      fake.scripts.set('', { order: 'loses', times: 1 })
      await expect(provider.submit(lost, { folder })).rejects.toMatchObject({
        code: 'PROVIDER_OUTCOME_UNKNOWN',
      })
      for (const reference of ['b', 'c', 'd', 'e']) {
        await provider.submit({ ...call, webhookUrl, reference }, { folder })
      }
      const found = await provider.find?.({ ...lost, orderedAtMs }, {})
      expect(found).toEqual({ id: fake.orders[0]?.id })
    })

    it('that never came is surely not there', async () => {
      const { fake, provider, call, folder } = world()
      const webhookUrl = `${fake.baseUrl}/nobody/there`
      await provider.submit({ ...call, webhookUrl, reference: 'another' }, { folder })
      const order = { ...call, webhookUrl, reference: 'cut off', orderedAtMs }
      expect(await provider.find?.(order, {})).toBeNull()
    })

    it('and that has no webhook cannot be told from another one of the same', async () => {
      const { provider, call, folder } = world()
      const order = { ...call, orderedAtMs }
      await provider.submit({ ...call, body: { prompt: 'something else' } }, { folder })
      expect(await provider.find?.(order, {})).toBeNull()
      await provider.submit(call, { folder })
      await expect(provider.find?.(order, {})).rejects.toMatchObject({
        code: 'PROVIDER_OUTCOME_UNKNOWN',
      })
    })
  },
)

it('an order of Replicate is not given up while it may still be on its way', async () => {
  const fake = await startFakeReplicate()
  const { apiKey, baseUrl } = fake
  const provider = createReplicate({ apiKey, baseUrl, webhookSecret: null, settleMs: 60_000 })
  const call = { ...subject.call, reference: 'x', webhookUrl: 'https://spool.example.com/x' }
  const asked = provider.find?.({ ...call, orderedAtMs: Date.now() - 10_000 }, {})
  const error = await asked?.catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'PROVIDER_UNAVAILABLE' })
  const { retryAfterMs } = error as { retryAfterMs: number }
  expect(retryAfterMs).toBeGreaterThan(0)
  expect(retryAfterMs).toBeLessThanOrEqual(50_000)
  await fake.close()
})
