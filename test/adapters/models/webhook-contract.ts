import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { FakeWebhookChanges } from '../../support/fake-model-desk.ts'
import {
  startFakeHttpService,
  type FakeHttpService,
  type RecordedRequest,
} from '../../support/fake-http-service.ts'
import { providerWorld, type ProviderSubject } from './provider-contract.ts'

const nowSeconds = (): number => Math.floor(Date.now() / 1000)

/** What every provider that sends webhooks has to guarantee. `hasTime`: its signatures grow old. */
export const provesToSignWebhooks = (
  title: string,
  subject: ProviderSubject,
  { hasTime }: { readonly hasTime: boolean },
): void => {
  describe(`every provider with webhooks: ${title}`, () => {
    const world = providerWorld(subject)
    let receiver: FakeHttpService
    beforeEach(async () => {
      receiver = await startFakeHttpService(() => ({ status: 200 }))
    })
    afterEach(() => receiver.close())

    /** The webhook of a job that has ended, as it came. */
    const received = async (changes?: FakeWebhookChanges): Promise<RecordedRequest> => {
      const { fake, provider, call, folder } = world()
      if (changes !== undefined) fake.scripts.set('', { webhook: 'never' })
      await provider.submit({ ...call, webhookUrl: `${receiver.baseUrl}/hook/token` }, { folder })
      const [order] = fake.orders
      if (changes !== undefined && order !== undefined) await fake.sendWebhook(order, changes)
      await expect.poll(() => receiver.requests.length).toBe(1)
      const [request] = receiver.requests
      if (request === undefined) throw new Error('no webhook came')
      return request
    }

    const judge = async ({ headers, body }: Pick<RecordedRequest, 'headers' | 'body'>) =>
      await world().provider.verifyWebhook?.({
        headers,
        rawBody: Buffer.from(body),
        nowSeconds: nowSeconds(),
      })

    it('is believed when a job has ended, at the address that it was given', async () => {
      const webhook = await received()
      expect(webhook.url).toMatch(/^\/hook\/token/)
      expect(await judge(webhook)).toEqual({ ended: true })
    })

    it('is not believed when somebody else has signed', async () => {
      await expect(judge(await received({ isForged: true }))).rejects.toMatchObject({
        code: 'UNAUTHENTICATED',
      })
    })

    it('is not believed when a byte of the body was changed, or the signature left out', async () => {
      const webhook = await received()
      const refused = { code: 'UNAUTHENTICATED' }
      await expect(judge({ ...webhook, body: `${webhook.body} ` })).rejects.toMatchObject(refused)
      await expect(judge({ ...webhook, headers: {} })).rejects.toMatchObject(refused)
    })

    if (!hasTime) return
    it.each([-301, 302])('is not believed %i seconds from now', async (seconds) => {
      const timestampSeconds = nowSeconds() + seconds
      await expect(judge(await received({ timestampSeconds }))).rejects.toMatchObject({
        code: 'UNAUTHENTICATED',
      })
    })
  })
}
