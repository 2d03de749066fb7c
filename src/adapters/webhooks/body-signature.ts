import { createHmac, timingSafeEqual } from 'node:crypto'
import { MediaError } from '../../domain/failures.ts'

/**
 * Accepts a webhook only if the header has the HMAC-SHA256 of exactly these bytes, as hex, with or without
 * `sha256=` before it: what senders do that do not follow Standard Webhooks. There is no time in it, so a
 * recorded one can be sent again: whoever accepts it must not act on its content. *Errors:*
 * UNAUTHENTICATED.
 */
export const verifyBodySignature = (webhook: {
  /** Several while a secret is being replaced. */
  readonly secret: string | readonly string[]
  readonly headerName: string
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly rawBody: Uint8Array
}): void => {
  const given = webhook.headers[webhook.headerName.toLowerCase()]
  const hex = typeof given === 'string' ? given.replace(/^sha256=/, '').toLowerCase() : ''
  const left = Buffer.from(hex)
  const isGenuine = [webhook.secret].flat().some((secret) => {
    const expected = createHmac('sha256', secret).update(webhook.rawBody).digest('hex')
    const right = Buffer.from(expected)
    return left.length === right.length && timingSafeEqual(left, right)
  })
  if (isGenuine) return
  throw new MediaError('UNAUTHENTICATED', `webhook refused because of its ${webhook.headerName}`)
}

/**
 * The headers by which programs of the published plan dialect know that a webhook is genuine: the
 * service's own has `sha256=` before the hex, what its guide shows has not. Nothing in them ages; the
 * headers of Standard Webhooks beside them do.
 */
export const signBody = (secret: string, body: string): Readonly<Record<string, string>> => {
  const hex = createHmac('sha256', secret).update(body).digest('hex')
  return { 'x-webhook-signature': `sha256=${hex}`, 'x-synthome-signature': hex }
}
