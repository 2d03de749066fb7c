import { createHmac, timingSafeEqual } from 'node:crypto'
import { MediaError } from '../../domain/failures.ts'

/** Which workflow, and which step of it, an inbound webhook is for. */
export interface RouteTokenPayload {
  readonly workflowId: string
  readonly executionId: string
  readonly step: string
  /** Who was given the URL: by his secret its webhooks are signed. */
  readonly sender: string
  readonly expiresAtMs: number
}

/** Signed along with the payload, so that a token of another kind with the same secret is no token here. */
const PURPOSE = 'spool/route-token/1'

const TOKEN_PATTERN = /^([\w-]{1,2048})\.([\w-]{43})$/

/**
 * A token for the URL that is handed to a provider, so that its webhook finds workflow and step without
 * a look-up. Not secret in content, only unforgeable.
 *
 * Not a JWT: issuer and reader are the same process with the same secret, so there is nothing to
 * negotiate, and a header that names its own algorithm is one more thing that must be refused.
 *
 * **Shape:** `<base64url of a JSON array>.<base64url HMAC-SHA256>`, some 150 to 200 characters: a router
 * must allow path parameters of that length.
 */
export function createRouteToken(route: RouteTokenPayload & { readonly secret: string }): string {
  const { secret, workflowId, executionId, step, sender, expiresAtMs } = route
  const fields = JSON.stringify([workflowId, executionId, step, sender, expiresAtMs])
  const encoded = Buffer.from(fields).toString('base64url')
  return `${encoded}.${signatureOf(secret, encoded)}`
}

/**
 * The payload of a token that this secret signed and that has not expired at `nowMs`.
 * *Errors:* UNAUTHENTICATED, whatever is wrong with it.
 */
export function readRouteToken(reading: {
  readonly secret: string
  readonly token: string
  readonly nowMs: number
}): RouteTokenPayload {
  const [, encoded, signature] = TOKEN_PATTERN.exec(reading.token) ?? []
  if (encoded === undefined || signature === undefined) throw refused('is malformed')
  // The texts are compared: the last character of 43 has spare bits that decoding would ignore.
  const expected = signatureOf(reading.secret, encoded)
  if (!timingSafeEqual(Buffer.from(signature), Buffer.from(expected))) throw refused('is not ours')
  const payload = payloadOf(encoded)
  // Written so that a NaN clock refuses too.
  if (!(reading.nowMs < payload.expiresAtMs)) throw refused('has expired')
  return payload
}

const signatureOf = (secret: string, encoded: string): string => {
  if (secret === '') throw new MediaError('INTERNAL', 'no secret to sign route tokens with')
  return createHmac('sha256', secret).update(`${PURPOSE}.${encoded}`).digest('base64url')
}

/** Only for what carries our signature, so its shape is the one that `createRouteToken` wrote. */
const payloadOf = (encoded: string): RouteTokenPayload => {
  const fields = JSON.parse(Buffer.from(encoded, 'base64url').toString())
  const [workflowId, executionId, step, sender, expiresAtMs] = fields as [
    string,
    string,
    string,
    string,
    number,
  ]
  return { workflowId, executionId, step, sender, expiresAtMs }
}

const refused = (reason: string): MediaError =>
  new MediaError('UNAUTHENTICATED', `the route token ${reason}`)
