import { createHmac } from 'node:crypto'
import { fc } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { Webhook } from 'standardwebhooks'
import {
  isWebhookSecret,
  newWebhookSecret,
  signWebhook,
  verifyWebhook,
  type WebhookToVerify,
} from '../../../src/adapters/webhooks/standard-webhooks.ts'
import { MediaError } from '../../../src/domain/failures.ts'

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const OTHER_SECRET = newWebhookSecret()
const ID = 'msg_p5jXN8AQM9LWM0D4loKWxJek'
const NOW_SECONDS = 1_795_000_000
const BODY = '{"type":"render.completed","data":{"title":"Ünïcödé 動画 🎬","progress":100}}'

const signed = (timestampSeconds = NOW_SECONDS, secret: string | string[] = SECRET) =>
  signWebhook({ secret, id: ID, timestampSeconds, body: BODY })

const verify = (changes: Partial<WebhookToVerify> = {}) =>
  verifyWebhook({
    secrets: [SECRET],
    headers: signed(),
    rawBody: Buffer.from(BODY),
    nowSeconds: NOW_SECONDS,
    ...changes,
  })

const isRefused = (changes: Partial<WebhookToVerify>): boolean => {
  try {
    verify(changes)
    return false
  } catch (error) {
    if (error instanceof MediaError && error.code === 'UNAUTHENTICATED') return true
    throw error
  }
}

/** What the specification says, by Node's own HMAC: independent of the code under test. */
const v1 = (timestamp: string | number, body: string | Buffer = BODY, id = ID): string => {
  const key = Buffer.from(SECRET.slice('whsec_'.length), 'base64')
  const mac = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body)
  return `v1,${mac.digest('base64')}`
}

const headersFor = (timestamp: string | number, id = ID) => ({
  'webhook-id': id,
  'webhook-timestamp': String(timestamp),
  'webhook-signature': v1(timestamp, BODY, id),
})

describe('signing', () => {
  test('gives the example of the specification', () => {
    const headers = signWebhook({
      secret: SECRET,
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      timestampSeconds: 1614265330,
      body: '{"test": 2432232314}',
    })
    expect(headers['webhook-signature']).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
  })

  test('is accepted by the reference library, which reads the real clock', () => {
    const headers = signed(Math.floor(Date.now() / 1000))
    expect(new Webhook(SECRET).verify(BODY, { ...headers })).toEqual(JSON.parse(BODY))
  })

  test('while a secret is replaced, receivers with the old and with the new one accept', () => {
    const headers = signed(NOW_SECONDS, [OTHER_SECRET, SECRET])
    expect(verify({ headers })).toEqual({ id: ID })
    expect(verify({ headers, secrets: [OTHER_SECRET] })).toEqual({ id: ID })
    expect(isRefused({ headers, secrets: [newWebhookSecret()] })).toBe(true)
  })

  test.each([
    ['an id with a dot', { id: 'msg.1' }],
    ['an id with a line break', { id: 'msg\r\n1' }],
    ['no secret', { secret: [] }],
    ['a short secret', { secret: 'whsec_c2hvcnQ=' }],
    ['a secret without its prefix', { secret: SECRET.slice(6) }],
    ['a time that is not whole seconds', { timestampSeconds: 1.5 }],
  ])('refuses %s', (_name, changes) => {
    const webhook = { secret: SECRET, id: ID, timestampSeconds: NOW_SECONDS, body: BODY }
    expect(() => signWebhook({ ...webhook, ...changes })).toThrow(
      expect.objectContaining({ code: 'INTERNAL' }),
    )
  })
})

describe('a new secret', () => {
  test('can sign, and is another each time', () => {
    const secrets = Array.from({ length: 100 }, newWebhookSecret)
    expect(new Set(secrets).size).toBe(100)
    expect(secrets.every(isWebhookSecret)).toBe(true)
  })
})

describe('verifying accepts', () => {
  test.each([
    ['a fresh event', headersFor(NOW_SECONDS)],
    ['one that is 300 s old', headersFor(NOW_SECONDS - 300)],
    ['one from 300 s ahead', headersFor(NOW_SECONDS + 300)],
    [
      'two signatures of which one is valid',
      {
        ...headersFor(NOW_SECONDS),
        'webhook-signature': `v1,${'A'.repeat(43)}= v1a,whatever ${v1(NOW_SECONDS)}`,
      },
    ],
  ])('%s', (_name, headers) => {
    expect(verify({ headers })).toEqual({ id: ID })
  })

  test('an empty body, and one of 1 MB', () => {
    for (const body of ['', 'x'.repeat(1024 * 1024)]) {
      const headers = signWebhook({ secret: SECRET, id: ID, timestampSeconds: NOW_SECONDS, body })
      expect(verify({ headers, rawBody: Buffer.from(body) })).toEqual({ id: ID })
    }
  })

  test('a body that lies inside a larger buffer', () => {
    const around = Buffer.concat([Buffer.from('before'), Buffer.from(BODY), Buffer.from('after')])
    const rawBody = new Uint8Array(around.buffer, around.byteOffset + 6, Buffer.byteLength(BODY))
    expect(verify({ rawBody })).toEqual({ id: ID })
  })
})

describe('verifying refuses', () => {
  const good = headersFor(NOW_SECONDS)
  const signature = good['webhook-signature']

  test.each(['webhook-id', 'webhook-timestamp', 'webhook-signature'])(
    'a missing, empty or doubled %s',
    (name) => {
      const value = good[name as keyof typeof good]
      expect(isRefused({ headers: { ...good, [name]: undefined } })).toBe(true)
      expect(isRefused({ headers: { ...good, [name]: '' } })).toBe(true)
      expect(isRefused({ headers: { ...good, [name]: ' ' } })).toBe(true)
      expect(isRefused({ headers: { ...good, [name]: [value, value] } })).toBe(true)
    },
  )

  test.each(['webhook-id', 'webhook-timestamp'])('a %s that came twice and was joined', (name) => {
    const value = good[name as keyof typeof good]
    expect(isRefused({ headers: { ...good, [name]: `${value}, ${value}` } })).toBe(true)
  })

  test.each([
    ['v1a downgrade', signature.replace('v1,', 'v1a,')],
    ['v0', signature.replace('v1,', 'v0,')],
    ['no version', signature.slice(3)],
    ['empty signature', 'v1,'],
    ['base64url', signature.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')],
    ['hexadecimal', `v1,${Buffer.from(signature.slice(3), 'base64').toString('hex')}`],
    ['trailing comma', `${signature},`],
    ['trailing tab', `${signature}\t`],
    ['capital version', signature.replace('v1', 'V1')],
    ['beyond the eighth signature', `${'v1,x '.repeat(8)}${signature}`],
  ])('a signature with %s', (_name, tampered) => {
    expect(isRefused({ headers: { ...good, 'webhook-signature': tampered } })).toBe(true)
  })

  test('a body with any one byte changed, missing or added', () => {
    const bytes = Buffer.from(BODY)
    for (let index = 0; index < bytes.length; index += 1) {
      const changed = Buffer.from(bytes)
      changed[index] = (changed[index] ?? 0) ^ 1
      expect(isRefused({ rawBody: changed })).toBe(true)
    }
    expect(isRefused({ rawBody: bytes.subarray(1) })).toBe(true)
    expect(isRefused({ rawBody: Buffer.concat([bytes, Buffer.from('\n')]) })).toBe(true)
    expect(isRefused({ rawBody: Buffer.from(JSON.stringify(JSON.parse(BODY), null, 1)) })).toBe(
      true,
    )
  })

  test('bytes that are not UTF-8 where a replacement character was signed', () => {
    const body = '{"title":"\uFFFD"}'
    const headers = signWebhook({ secret: SECRET, id: ID, timestampSeconds: NOW_SECONDS, body })
    expect(verify({ headers, rawBody: Buffer.from(body) })).toEqual({ id: ID })
    const rawBody = Buffer.from('{"title":"\xFF"}', 'latin1')
    expect(isRefused({ headers, rawBody })).toBe(true)
  })

  // Each carries a valid signature over exactly what it says, so only the timestamp speaks against it.
  test.each([
    ['301 s old', NOW_SECONDS - 301],
    ['301 s ahead', NOW_SECONDS + 301],
    ['in milliseconds', NOW_SECONDS * 1000],
    ['NaN', 'NaN'],
    ['Infinity', 'Infinity'],
    ['negative', -NOW_SECONDS],
    ['zero', 0],
    ['1e9', '1e9'],
    ['exponential but now', '1.795e9'],
    ['hexadecimal', `0x${NOW_SECONDS.toString(16)}`],
    ['with a fraction', `${NOW_SECONDS}.0`],
    ['with a leading zero', `0${NOW_SECONDS}`],
    ['with trailing letters', `${NOW_SECONDS}abc`],
    ['with a leading blank', ` ${NOW_SECONDS}`],
    ['a date', new Date(NOW_SECONDS * 1000).toISOString()],
  ])('a timestamp that is %s', (_name, timestamp) => {
    expect(isRefused({ headers: headersFor(timestamp) })).toBe(true)
  })

  test('another spelling of a timestamp even where the signature is over the number', () => {
    for (const spelling of [`${NOW_SECONDS}abc`, `0${NOW_SECONDS}`, `${NOW_SECONDS} `]) {
      const headers = { ...good, 'webhook-timestamp': spelling }
      expect(isRefused({ headers })).toBe(true)
    }
  })

  test('everything when the clock is not a number', () => {
    expect(isRefused({ nowSeconds: Number.NaN })).toBe(true)
  })

  test('another secret, no secret, another id, an id with a dot', () => {
    expect(isRefused({ secrets: [OTHER_SECRET] })).toBe(true)
    expect(isRefused({ secrets: [] })).toBe(true)
    expect(isRefused({ headers: { ...good, 'webhook-id': `${ID}x` } })).toBe(true)
    expect(isRefused({ headers: headersFor(NOW_SECONDS, 'msg.1') })).toBe(true)
  })

  test('10,000 random mutations: none is accepted, and the original always is', () => {
    const arbitrary = fc.record({
      body: fc.string({ unit: 'grapheme', maxLength: 200 }),
      part: fc.constantFrom('webhook-id', 'webhook-timestamp', 'webhook-signature', 'body'),
      how: fc.constantFrom('flip', 'insert', 'remove', 'swap'),
      position: fc.nat(),
      byte: fc.integer({ min: 1, max: 255 }),
    })
    let mutations = 0
    fc.assert(
      fc.property(arbitrary, ({ body, part, how, position, byte }) => {
        const headers = signWebhook({
          secret: SECRET,
          id: ID,
          timestampSeconds: NOW_SECONDS,
          body,
        })
        const rawBody = Buffer.from(body)
        expect(verify({ headers, rawBody })).toEqual({ id: ID })
        const original =
          part === 'body' ? rawBody : Buffer.from(headers[part as keyof typeof headers])
        const mutated = mutate(original, { how, position, byte })
        if (mutated.equals(original)) return
        mutations += 1
        const changes =
          part === 'body'
            ? { headers, rawBody: mutated }
            : { headers: { ...headers, [part]: mutated.toString('latin1') }, rawBody }
        // A blank at either end of the signature list names the same signatures.
        const list = mutated.toString('latin1').split(' ').filter(Boolean).join(' ')
        if (part === 'webhook-signature' && list === headers['webhook-signature']) return
        expect(isRefused(changes)).toBe(true)
      }),
      { numRuns: 11_000 },
    )
    expect(mutations).toBeGreaterThanOrEqual(10_000)
  })
})

function mutate(
  original: Buffer,
  { how, position, byte }: { how: string; position: number; byte: number },
): Buffer {
  const index = original.length === 0 ? 0 : position % original.length
  const before = original.subarray(0, index)
  const after = original.subarray(index)
  if (how === 'insert' || original.length === 0) {
    return Buffer.concat([before, Buffer.from([byte]), after])
  }
  if (how === 'remove') return Buffer.concat([before, after.subarray(1)])
  const changed = Buffer.from(original)
  const next = (index + 1) % original.length
  if (how === 'flip' || changed[index] === changed[next]) {
    changed[index] = (changed[index] ?? 0) ^ byte
  } else {
    changed[index] = original[next] ?? 0
    changed[next] = original[index] ?? 0
  }
  return changed
}
