import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createAsyncVideo } from '../../../src/adapters/models/async-video.ts'
import { startFakeAsyncVideo, type FakeAsyncVideo } from '../../support/fake-async-video.ts'
import { startFakeHttpService } from '../../support/fake-http-service.ts'
import {
  accept,
  providerWorld,
  provesToBeProvider,
  type ProviderSubject,
} from './provider-contract.ts'
import { provesToSignWebhooks } from './webhook-contract.ts'

const subject: ProviderSubject = {
  start: startFakeAsyncVideo,
  create: (options, fake) => {
    const { webhookSecret, signatureHeader } = fake as FakeAsyncVideo
    return createAsyncVideo({ ...options, webhookSecret, signatureHeader, settleMs: 0 })
  },
  call: {
    operation: 'generate',
    model: 'default',
    body: { prompt: 'waves', duration: 5, aspect_ratio: '9:16' },
  },
  answers: 'later',
}

provesToBeProvider('async-video', subject)
provesToSignWebhooks('async-video', subject, { hasTime: false })

describe('a service for videos of the common shape', () => {
  const world = providerWorld(subject)

  it('is told the reference of the order, twice, and gives the address of the video', async () => {
    const { fake, provider, folder } = world()
    const handle = await accept(world())
    const [request] = fake.requests
    expect(request?.headers['idempotency-key']).toBe('exec_1:job a')
    expect(JSON.parse(request?.body.toString() ?? '')).toEqual({
      ...{ model: 'default', reference: 'exec_1:job a', prompt: 'waves' },
      ...{ duration: 5, aspect_ratio: '9:16' },
    })
    const url = `${new URL(fake.baseUrl).origin}/files/video-5-180x320.mp4`
    expect(await provider.inspect(handle, { folder })).toEqual({
      status: 'completed',
      answer: { json: { url, urls: [url] } },
    })
  })

  it('tells how far it is', async () => {
    const { fake, provider, folder } = world()
    fake.scripts.set('', { work: 'runs' })
    expect(await provider.inspect(await accept(world()), { folder })).toEqual({
      status: 'processing',
      progressRatio: 0.4,
    })
  })

  it('finds an order whose answer was lost, and says surely that one is not there', async () => {
    const { fake, provider, call, folder } = world()
    fake.scripts.set('', { order: 'loses' })
    await expect(provider.submit(call, { folder })).rejects.toMatchObject({
      code: 'PROVIDER_OUTCOME_UNKNOWN',
    })
    const order = { ...call, orderedAtMs: Date.now() }
    expect(await provider.find?.(order, {})).toEqual({ id: fake.orders[0]?.id })
    expect(await provider.find?.({ ...order, reference: 'another' }, {})).toBeNull()
  })

  it('that cannot be searched leaves the outcome unknown', async () => {
    const { call } = world()
    const fake = await startFakeAsyncVideo({ isSearchable: false })
    const { apiKey, baseUrl, webhookSecret, signatureHeader } = fake
    const provider = createAsyncVideo({ apiKey, baseUrl, webhookSecret, signatureHeader })
    await expect(provider.find?.({ ...call, orderedAtMs: 0 }, {})).rejects.toMatchObject({
      code: 'PROVIDER_OUTCOME_UNKNOWN',
    })
    await fake.close()
  })

  it('without a secret is never believed, for it is not listened to', () => {
    const { apiKey, baseUrl } = world().fake
    const provider = createAsyncVideo({
      ...{ apiKey, baseUrl, webhookSecret: null, signatureHeader: 'x-webhook-signature' },
    })
    expect(provider.verifyWebhook).toBeUndefined()
  })

  it('is believed by the old and the new secret while one is replaced', async () => {
    const { apiKey, baseUrl } = world().fake
    const signatureHeader = 'X-Hub-Signature-256'
    const provider = createAsyncVideo({
      ...{ apiKey, baseUrl, webhookSecret: 'old, new', signatureHeader },
    })
    const rawBody = Buffer.from('{"status":"in progress"}')
    for (const secret of ['old', 'new']) {
      const hex = createHmac('sha256', secret).update(rawBody).digest('hex')
      const headers = { 'x-hub-signature-256': `sha256=${hex}` }
      const judged = provider.verifyWebhook?.({ headers, rawBody, nowSeconds: 0 })
      expect(await judged).toEqual({ ended: false })
    }
  })

  it.each([
    [{ id: 'v', status: 'SUCCEEDED', video_url: 'https://x.example/a.mp4' }],
    [{ id: 'v', status: 'done', urls: ['https://x.example/a.mp4', 'https://x.example/a.mp4'] }],
    [{ id: 'v', status: 'Ready', output: ['https://x.example/a.mp4'] }],
    [{ id: 'v', status: 'completed', result: { videos: [{ url: 'https://x.example/a.mp4' }] } }],
    [{ id: 'v', status: 'success', video: { url: 'https://x.example/a.mp4', width: 1 } }],
  ])('is understood in its own spelling: %j', async (body) => {
    const service = await startFakeHttpService(() => ({ body: JSON.stringify(body) }))
    const provider = createAsyncVideo({
      ...{ apiKey: null, baseUrl: service.baseUrl, webhookSecret: null, signatureHeader: 'x' },
    })
    const url = 'https://x.example/a.mp4'
    expect(await provider.inspect({ id: 'v' }, { folder: '/nowhere' })).toEqual({
      status: 'completed',
      answer: { json: { url, urls: [url] } },
    })
    expect(service.requests[0]?.headers.authorization).toBeUndefined()
    await service.close()
  })
})
