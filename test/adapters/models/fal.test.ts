import { describe, expect, it } from 'vitest'
import { createFal } from '../../../src/adapters/models/fal.ts'
import { startFakeFal, type FakeFal } from '../../support/fake-fal.ts'
import {
  accept,
  providerWorld,
  provesToBeProvider,
  type ProviderSubject,
} from './provider-contract.ts'
import { provesToSignWebhooks } from './webhook-contract.ts'

const subject: ProviderSubject = {
  start: startFakeFal,
  create: (options, fake) => createFal({ ...options, jwksUrl: (fake as FakeFal).jwksUrl }),
  call: {
    operation: 'generateImage',
    model: 'fal-ai/nano-banana/edit',
    body: { prompt: 'a red fox', image_urls: ['https://example.com/fox.png'] },
  },
  answers: 'later',
}

provesToBeProvider('fal', subject)
provesToSignWebhooks('fal', subject, { hasTime: true })

describe('fal', () => {
  const world = providerWorld(subject)

  it('is given the input as it is, and asked below the addresses that it gave', async () => {
    const { fake, provider, call, folder } = world()
    const handle = await accept(world())
    expect(fake.requests[0]?.url.pathname).toBe('/fal-ai/nano-banana/edit')
    expect(JSON.parse(fake.requests[0]?.body.toString() ?? '')).toEqual(call.body)
    const state = await provider.inspect(handle, { folder })
    expect(state).toMatchObject({
      answer: { json: { images: [{ url: `${fake.baseUrl}/files/image-240x240.png` }] } },
    })
    const paths = fake.requests.map(({ url }) => url.pathname)
    const place = `/fal-ai/nano-banana/requests/${handle.id}`
    expect(paths.slice(1)).toEqual([`${place}/status`, place])
  })

  it('never sends the key to an address that an answer names', async () => {
    const { provider, folder, fake } = world()
    const elsewhere = await startFakeFal()
    const handle = await accept(world())
    const urls = Object.fromEntries(
      Object.entries(handle.urls ?? {}).map(([name, url]) => [
        name,
        url.replace(fake.baseUrl, elsewhere.baseUrl),
      ]),
    )
    expect(await provider.inspect({ id: handle.id, urls }, { folder })).toMatchObject({
      status: 'completed',
    })
    expect(elsewhere.requests).toEqual([])
    await elsewhere.close()
  })

  it('comes back to a job of which somebody has found the id', async () => {
    const { provider, call, folder } = world()
    const { id } = await accept(world())
    const handle = provider.handleOf?.({ id, model: call.model }) ?? { id }
    expect(await provider.inspect(handle, { folder })).toMatchObject({ status: 'completed' })
  })

  it('tells of a job that was stopped as canceled', async () => {
    const { fake, provider, folder } = world()
    fake.scripts.set('', { work: 'runs' })
    const handle = await accept(world())
    await provider.cancel(handle, {})
    expect(await provider.inspect(handle, { folder })).toMatchObject({ status: 'canceled' })
  })

  it('offers no way to find an order again', () => {
    expect(world().provider.find).toBeUndefined()
  })
})

describe('the keys of fal', () => {
  const world = providerWorld(subject)

  const signed = async (fake: FakeFal) => {
    const sent: { headers: Record<string, string>; body: string }[] = []
    const { createServer } = await import('node:http')
    const receiver = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const headers = request.headers as Record<string, string>
        sent.push({ headers, body: Buffer.concat(chunks).toString() })
        response.end()
      })
    })
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
    const address = receiver.address()
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0
    const [order] = fake.orders
    if (order !== undefined) await fake.sendWebhook(order, { url: `http://127.0.0.1:${port}/` })
    await new Promise((resolve) => receiver.close(resolve))
    const [webhook] = sent
    if (webhook === undefined) throw new Error('no webhook came')
    return { headers: webhook.headers, rawBody: Buffer.from(webhook.body) }
  }

  it('are asked for once, and a new one beside the old one is believed', async () => {
    const fake = world().fake as FakeFal
    await accept(world())
    const nowSeconds = Math.floor(Date.now() / 1000)
    const old = await signed(fake)
    fake.rotateKey()
    const current = await signed(fake)
    const { provider } = world()
    for (const webhook of [old, current, old]) {
      expect(await provider.verifyWebhook?.({ ...webhook, nowSeconds })).toEqual({ ended: true })
    }
    const asked = fake.requests.filter(({ url }) => url.pathname.endsWith('jwks.json'))
    expect(asked).toHaveLength(1)
  })

  it('that cannot be had make a webhook come again, and are not asked for each time', async () => {
    const { fake } = world()
    await accept(world())
    const webhook = await signed(fake as FakeFal)
    const jwksUrl = `${fake.baseUrl}/no/such/keys`
    const provider = createFal({ apiKey: fake.apiKey, baseUrl: fake.baseUrl, jwksUrl })
    fake.scripts.set('', { order: 503 })
    const nowSeconds = Math.floor(Date.now() / 1000)
    const requests = fake.requests.length
    for (let time = 0; time < 3; time += 1) {
      await expect(provider.verifyWebhook?.({ ...webhook, nowSeconds })).rejects.toMatchObject({
        code: 'PROVIDER_UNAVAILABLE',
      })
    }
    expect(fake.requests).toHaveLength(requests + 1)
  })
})
