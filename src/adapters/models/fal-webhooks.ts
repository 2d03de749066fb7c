import { createHash, createPublicKey, verify, type KeyObject } from 'node:crypto'
import { z } from 'zod'
import { MediaError } from '../../domain/failures.ts'
import { callProvider, jsonOf, providerRefusal } from '../provider-failure.ts'
import type { ModelProvider } from './model-provider.ts'
import { isGood } from './provider-exchange.ts'
import { readWebhookBody } from './read-webhook-body.ts'
import { remembered } from './remembered.ts'

/** In both directions. */
const TOLERANCE_SECONDS = 300
const TIMESTAMP_PATTERN = /^\d{1,12}$/
const SIGNATURE_PATTERN = /^[0-9a-f]{128}$/i

/** Some of the keys' numbers are padded, against the standard. */
const keySet = z.object({
  keys: z.array(z.object({ x: z.string().transform((x) => x.replace(/=+$/, '')) })).max(20),
})

const news = z.object({ request_id: z.string(), status: z.string() })

type Verify = NonNullable<ModelProvider['verifyWebhook']>

/**
 * Judges a webhook of fal: Ed25519 by one of its published keys, over request, user, time and the hash of
 * the body. It is only sent when a request has ended. *Source:* docs.fal.ai, webhook verification.
 */
export const createFalWebhooks = (options: {
  readonly jwksUrl: string
  readonly timeoutMs?: number
}): Verify => {
  const keysOf = remembered(async (): Promise<readonly KeyObject[]> => {
    const { timeoutMs = 10_000 } = options
    const answer = await callProvider('fal', { url: options.jwksUrl, method: 'GET', timeoutMs })
    if (!isGood(answer)) throw providerRefusal('fal', { ...answer, status: 503 }, 'its keys')
    const parsed = keySet.safeParse(jsonOf('fal', answer))
    if (!parsed.success) throw new MediaError('PROVIDER_UNAVAILABLE', 'fal: keys that are none')
    return parsed.data.keys.map(({ x }) =>
      createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x } }),
    )
  })

  return async ({ headers, rawBody, nowSeconds }) => {
    const one = (name: string, pattern: RegExp): string => {
      const value = headers[`x-fal-webhook-${name}`]
      if (typeof value === 'string' && pattern.test(value)) return value
      throw refused(name)
    }
    const requestId = one('request-id', /^[\x21-\x7e]{1,256}$/)
    const userId = one('user-id', /^[\x21-\x7e]{1,256}$/)
    const timestamp = one('timestamp', TIMESTAMP_PATTERN)
    const signature = Buffer.from(one('signature', SIGNATURE_PATTERN), 'hex')
    // Written so that a NaN clock refuses too.
    if (!(Math.abs(nowSeconds - Number(timestamp)) <= TOLERANCE_SECONDS)) throw refused('timestamp')

    const digest = createHash('sha256').update(rawBody).digest('hex')
    const message = Buffer.from([requestId, userId, timestamp, digest].join('\n'))
    const keys = await keysOf()
    if (!keys.some((key) => verify(null, message, key, signature))) throw refused('signature')
    const { request_id: bodyId } = readWebhookBody(rawBody, news)
    if (bodyId !== requestId) throw new MediaError('BODY_MALFORMED', 'fal: of two requests at once')
    return { ended: true }
  }
}

const refused = (part: string): MediaError =>
  new MediaError('UNAUTHENTICATED', `webhook of fal refused because of its ${part}`)
