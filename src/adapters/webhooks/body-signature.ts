import { createHmac, timingSafeEqual } from 'node:crypto'
import { MediaError } from '../../domain/failures.ts'

/**
 * Accepts a webhook only if the header has the HMAC-SHA256 of exactly these bytes, as hex, with or without
 * `sha256=` before it: what senders do that do not follow Standard Webhooks. There is no time in it, so a
 * recorded one can be sent again: whoever accepts it must not act on its content. *Errors:*
 * UNAUTHENTICATED.
 */
export const verifyBodySignature = (webhook: {
  readonly secret: string
  readonly headerName: string
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly rawBody: Uint8Array
}): void => {
  const given = webhook.headers[webhook.headerName.toLowerCase()]
  const expected = createHmac('sha256', webhook.secret).update(webhook.rawBody).digest('hex')
  const hex = typeof given === 'string' ? given.replace(/^sha256=/, '').toLowerCase() : ''
  const [left, right] = [Buffer.from(hex), Buffer.from(expected)]
  if (left.length === right.length && timingSafeEqual(left, right)) return
  throw new MediaError('UNAUTHENTICATED', `webhook refused because of its ${webhook.headerName}`)
}
