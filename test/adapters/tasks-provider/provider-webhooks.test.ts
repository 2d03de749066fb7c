/** Webhooks of providers: who is believed, and what each of their forms says. */

import { createHmac, randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { newWebhookSecret, signWebhook } from '../../../src/adapters/webhooks/standard-webhooks.ts'
import { createInboundWebhooks } from '../../../src/composition/inbound-webhooks.ts'
import { readConfig } from '../../../src/config.ts'
import { readProviderNews } from '../../../src/contracts/tasks-dialect.ts'
import { providerSender } from '../../../src/domain/task-providers.ts'

const spoolSecret = newWebhookSecret()
const common = { url: 'https://provider.example', apiKey: 'key', kinds: ['image'] }
const config = readConfig({
  DATABASE_URL: 'postgres://127.0.0.1/spool',
  SPOOL_SECRET: randomBytes(32).toString('hex'),
  SPOOL_ADMIN_KEY: randomBytes(32).toString('hex'),
  SPOOL_TASK_PROVIDERS: JSON.stringify([
    { ...common, name: 'spool', webhookSecret: spoolSecret },
    {
      ...common,
      name: 'signing',
      dialect: 'ittybit',
      webhookSecret: 'shared',
      signatureHeader: 'X-Signature',
    },
    { ...common, name: 'trusting', dialect: 'ittybit' },
  ]),
})
const inbound = createInboundWebhooks(config, new Map())
const body = '{"type":"job.succeeded","task_id":"task_1"}'
const verify = (name: string, headers: Record<string, string>) =>
  inbound.verify({ sender: providerSender(name), headers, rawBody: Buffer.from(body) })
const signedBy = (secret: string) =>
  signWebhook({ secret, id: 'msg_1', timestampSeconds: Math.floor(Date.now() / 1000), body })
const hmac = (key: string) => createHmac('sha256', key).update(body).digest('hex')

describe('a webhook of a provider', () => {
  it('is believed with the signature that this provider makes', () => {
    expect(() => verify('spool', signedBy(spoolSecret))).not.toThrow()
    expect(() => verify('signing', { 'x-signature': `sha256=${hmac('shared')}` })).not.toThrow()
  })

  it.each<[string, string, Record<string, string>]>([
    ['another Spool’s signature', 'spool', signedBy(newWebhookSecret())],
    ['no signature of a Spool', 'spool', {}],
    ['a forged HMAC', 'signing', { 'x-signature': hmac('guessed') }],
    ['no HMAC', 'signing', {}],
    ['the name of nobody', 'nobody', {}],
  ])('is refused with %s', (_what, name, headers) => {
    expect(() => verify(name, headers)).toThrow(/UNAUTHENTICATED/)
  })

  it('without signatures is news by its URL alone, for the provider is asked in any case', () => {
    expect(() => verify('trusting', {})).not.toThrow()
  })

  it('is never taken for one of a renderer', () => {
    expect(() =>
      inbound.verify({
        sender: 'spool',
        headers: signedBy(spoolSecret),
        rawBody: Buffer.from(body),
      }),
    ).toThrow(/UNAUTHENTICATED/)
  })
})

describe('what it says', () => {
  it.each<[string, unknown]>([
    ['of a Spool', { type: 'job.succeeded', task_id: 'task_1', output_url: 'https://x' }],
    ['of a Spool that failed', { type: 'job.failed', task_id: 'task_1' }],
    [
      'of a job',
      { id: 'task_1', status: 'succeeded', kind: 'image', output: { url: 'https://x' } },
    ],
    ['of a job that was cancelled', { id: 'task_1', status: 'cancelled', kind: 'image' }],
    ['as an event', { id: 'evt_1', object: 'event', kind: 'task.succeeded', data: {} }],
  ])('%s is that it ended', (_what, news) => {
    expect(readProviderNews(news)).toEqual({ ended: true })
  })

  it('while it works is how far it is', () => {
    const news = { type: 'job.progress', status: 'processing', progress: 40 }
    expect(readProviderNews(news)).toEqual({ ended: false, progress: 40 })
  })

  it.each<[string, unknown]>([
    ['nothing', {}],
    ['no object', 'task.succeeded'],
    ['progress beyond the end', { progress: 900 }],
    ['that it began', { kind: 'task.created' }],
  ])('is nothing, if it is %s', (_what, news) => {
    expect(readProviderNews(news)).toBeNull()
  })
})
