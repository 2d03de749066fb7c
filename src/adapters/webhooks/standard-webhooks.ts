import { isUtf8 } from 'node:buffer'
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { MediaError } from '../../domain/failures.ts'

/** The specification's window, in both directions. */
const TOLERANCE_SECONDS = 300

/** The specification asks for 24 to 64 random bytes. */
const NEW_SECRET_BYTES = 32

/** A header that holds more is nobody's rotation; it would only buy an attacker our time. */
const MAX_SIGNATURES = 8

/** No dot: it separates the parts of what is signed, so an id with one could be read two ways. */
const ID_PATTERN = /^[\x21-\x2d\x2f-\x7e]{1,256}$/

/** Whole seconds: a value in milliseconds has 13 digits and is far outside any window anyway. */
const TIMESTAMP_PATTERN = /^\d{1,12}$/

export interface WebhookToSign {
  /** `whsec_` and base64; several while a secret is being replaced: each adds a signature. */
  readonly secret: string | readonly string[]
  /** The event's id, the same in every attempt; receivers use it to drop doubles. */
  readonly id: string
  /** Of this attempt. */
  readonly timestampSeconds: number
  readonly body: string
}

/** A type, not an interface, so that it is also a plain record of headers. */
export type WebhookHeaders = {
  readonly 'webhook-id': string
  readonly 'webhook-timestamp': string
  readonly 'webhook-signature': string
}

export interface WebhookToVerify {
  readonly secrets: readonly string[]
  /** As Node gives them: lower-case names. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** The bytes as they came, before any parser. */
  readonly rawBody: Uint8Array
  readonly nowSeconds: number
  readonly toleranceSeconds?: number
}

/**
 * The headers that make `body` a signed event. *Errors:* INTERNAL when the id or a secret cannot be used.
 * *Source:* Standard Webhooks 1.0.
 */
export function signWebhook({ secret, id, timestampSeconds, body }: WebhookToSign): WebhookHeaders {
  const secrets = typeof secret === 'string' ? [secret] : secret
  if (secrets.length === 0) throw new MediaError('INTERNAL', 'no secret to sign a webhook with')
  if (!ID_PATTERN.test(id))
    throw new MediaError('INTERNAL', 'a webhook id has a forbidden character')
  if (!Number.isSafeInteger(timestampSeconds) || timestampSeconds < 0) {
    throw new MediaError('INTERNAL', 'a webhook timestamp is not in whole seconds')
  }
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestampSeconds),
    'webhook-signature': secrets
      .map((each) => signerOf(each).sign(id, new Date(timestampSeconds * 1000), body))
      .join(' '),
  }
}

/**
 * Accepts an event only if one of its `v1` signatures was made with one of the secrets, over exactly
 * these bytes, within the window; the comparison takes the same time for every wrong signature.
 *
 * The signature itself is the library's. Its `verify` is not used: it reads the machine's clock, takes
 * the leading digits of a timestamp for the whole, and turns bytes that are not UTF-8 into U+FFFD before
 * it signs, so that a changed byte could go unnoticed.
 *
 * *Errors:* UNAUTHENTICATED, with the same public sentence for every cause; INTERNAL when a secret of
 * ours is unusable.
 */
export function verifyWebhook(webhook: WebhookToVerify): { readonly id: string } {
  const { secrets, headers, rawBody, nowSeconds, toleranceSeconds = TOLERANCE_SECONDS } = webhook
  const id = headers['webhook-id']
  const timestamp = headers['webhook-timestamp']
  const signatures = headers['webhook-signature']
  if (typeof id !== 'string' || !ID_PATTERN.test(id)) throw refused('webhook-id')
  if (typeof timestamp !== 'string' || !TIMESTAMP_PATTERN.test(timestamp)) {
    throw refused('webhook-timestamp')
  }
  if (typeof signatures !== 'string') throw refused('webhook-signature')
  // Written so that a NaN clock refuses too.
  const isFresh = Math.abs(nowSeconds - Number(timestamp)) <= toleranceSeconds
  if (!isFresh || String(Number(timestamp)) !== timestamp) throw refused('webhook-timestamp')
  if (!isUtf8(rawBody)) throw refused('body')

  const signedAt = new Date(Number(timestamp) * 1000)
  const body = Buffer.from(rawBody.buffer, rawBody.byteOffset, rawBody.byteLength).toString()
  const given = signatures.split(' ').slice(0, MAX_SIGNATURES)
  const isGenuine = secrets
    .map((secret) => signerOf(secret).sign(id, signedAt, body))
    .some((expected) => given.some((signature) => equalInConstantTime(signature, expected)))
  if (!isGenuine) throw refused('webhook-signature')
  return { id }
}

/** A fresh secret, fit to be shown to its owner once. */
export const newWebhookSecret = (): string =>
  `whsec_${randomBytes(NEW_SECRET_BYTES).toString('base64')}`

/** Whether this is a secret that can sign: `whsec_` and the base64 of at least 24 bytes. */
export const isWebhookSecret = (value: string): boolean => {
  if (!value.startsWith('whsec_')) return false
  const encoded = value.slice('whsec_'.length)
  const key = Buffer.from(encoded, 'base64')
  return key.length >= 24 && key.toString('base64') === encoded
}

const signerOf = (secret: string): Webhook => {
  // Checked here, because the library's complaint about a bad secret does not say which setting it is.
  if (!isWebhookSecret(secret)) {
    throw new MediaError(
      'INTERNAL',
      'a webhook secret is not whsec_ and base64 of 24 bytes or more',
    )
  }
  return new Webhook(secret)
}

/** The texts are compared, not the decoded bytes: base64 has several spellings of the same bytes. */
const equalInConstantTime = (given: string, expected: string): boolean => {
  const left = Buffer.from(given)
  const right = Buffer.from(expected)
  return left.length === right.length && timingSafeEqual(left, right)
}

const refused = (part: string): MediaError =>
  new MediaError('UNAUTHENTICATED', `webhook refused because of its ${part}`)
