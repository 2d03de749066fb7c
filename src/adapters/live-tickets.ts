import type { LiveTickets } from '../contracts/ports.ts'
import { MediaError } from '../domain/failures.ts'
import type { ApiKeyId } from '../domain/ids.ts'
import { readToken, signToken } from './signed-token.ts'

const PURPOSE = 'spool/live-ticket/1'

/** Long enough for a page to open its connection, too short to be worth stealing. */
const LIFE_MS = 60_000

/**
 * Tickets with which a browser opens a live connection in place of an API key. Whoever has one can only
 * listen, for as long as the key lives for which it was made out. It may be used again in its minute:
 * any process of the API takes it, and they have no memory in common.
 */
export const createLiveTickets = (secret: string): LiveTickets => ({
  issue: (keyId) => {
    const expiresAtMs = Date.now() + LIFE_MS
    const ticket = signToken([keyId, expiresAtMs], { purpose: PURPOSE, secret })
    return { ticket, expiresAt: new Date(expiresAtMs) }
  },
  read: (ticket) => {
    const fields = readToken(ticket, { purpose: PURPOSE, secret }, refused)
    const [keyId, expiresAtMs] = fields as [ApiKeyId, number]
    if (!(Date.now() < expiresAtMs)) throw refused('has expired')
    return { keyId }
  },
})

const refused = (reason: string): MediaError =>
  new MediaError('UNAUTHENTICATED', `the live ticket ${reason}`)
