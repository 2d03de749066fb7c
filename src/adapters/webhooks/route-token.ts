import { MediaError } from '../../domain/failures.ts'
import { readToken, signToken } from '../signed-token.ts'

/** Which workflow, and which step of it, an inbound webhook is for. */
export interface RouteTokenPayload {
  readonly workflowId: string
  readonly executionId: string
  readonly step: string
  /** Who was given the URL: by his secret its webhooks are signed. */
  readonly sender: string
  readonly expiresAtMs: number
}

const PURPOSE = 'spool/route-token/1'

/**
 * A token for the URL that is handed to a provider, so that its webhook finds workflow and step without
 * a look-up. It has some 150 to 200 characters: a router must allow path parameters of that length.
 */
export function createRouteToken(route: RouteTokenPayload & { readonly secret: string }): string {
  const { secret, workflowId, executionId, step, sender, expiresAtMs } = route
  const fields = [workflowId, executionId, step, sender, expiresAtMs]
  return signToken(fields, { purpose: PURPOSE, secret })
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
  const { secret, token, nowMs } = reading
  const fields = readToken(token, { purpose: PURPOSE, secret }, refused)
  // What carries our signature has the shape that `createRouteToken` wrote.
  const [workflowId, executionId, step, sender, expiresAtMs] = fields as [
    string,
    string,
    string,
    string,
    number,
  ]
  // Written so that a NaN clock refuses too.
  if (!(nowMs < expiresAtMs)) throw refused('has expired')
  return { workflowId, executionId, step, sender, expiresAtMs }
}

const refused = (reason: string): MediaError =>
  new MediaError('UNAUTHENTICATED', `the route token ${reason}`)
