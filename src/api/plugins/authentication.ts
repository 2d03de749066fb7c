/** Who asks: an account by its API key, or the operator by the admin key. */

import type { FastifyInstance, FastifyRequest, onRequestAsyncHookHandler } from 'fastify'
import type { Account } from '../../db/repositories/accounts.ts'
import { MediaError } from '../../domain/failures.ts'
import type { AccountId, ApiKeyId } from '../../domain/ids.ts'
import { LIVE_TICKET_PREFIX } from '../../contracts/http/live.ts'
import { bearerToken, hashApiKey, isMistyped, matchesHash } from '../api-keys.ts'
import type { ApiDependencies } from '../dependencies.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set behind `requireAccount`. */
    account: Account | null
    /** The key by which the account was recognised. */
    apiKeyId: ApiKeyId | null
    /** Whose idempotency keys the request uses: an account's, or the operator's. */
    keyOwner: AccountId | null
  }
}

/** The operator has no account, but idempotency keys of his own. */
const OPERATOR = 'acct_operator' as AccountId

const refused = (detail: string): MediaError => new MediaError('UNAUTHENTICATED', detail)

/** The account that asks. Only behind `requireAccount`. */
export const accountOf = (request: FastifyRequest): Account => {
  if (request.account === null) throw refused('the route is not behind a key')
  return request.account
}

/** The key by which it asks. Only behind `requireAccount`. */
export const keyIdOf = (request: FastifyRequest): ApiKeyId => {
  if (request.apiKeyId === null) throw refused('the route is not behind a key')
  return request.apiKeyId
}

type Recognise = (request: FastifyRequest) => Promise<FoundKey>
type FoundKey = { readonly account: Account; readonly keyId: ApiKeyId }

/** Whose key the `Authorization` header holds. */
const byApiKey =
  ({ repositories }: Pick<ApiDependencies, 'repositories'>): Recognise =>
  async (request) => {
    const key = bearerToken(request.headers.authorization)
    if (key === null || isMistyped(key)) throw refused('no API key, or one that is mistyped')
    const found = await repositories.apiKeys.findAccountByKeyHash(hashApiKey(key))
    if (found === null) throw refused('an unknown or revoked API key')
    return found
  }

/**
 * Whose ticket is offered as a protocol or, without one, whose key the header holds. A page cannot set
 * that header, and an address would be logged by every proxy. What decides is never a cookie, so a page
 * of somebody else's has nothing to ride on, and its origin says nothing.
 */
export const byTicket = (
  parts: Pick<ApiDependencies, 'repositories' | 'liveTickets'>,
): Recognise => {
  const { repositories, liveTickets } = parts
  return async (request) => {
    const offered = request.headers['sec-websocket-protocol']?.split(',') ?? []
    const ticket = offered
      .map((protocol) => protocol.trim())
      .find((protocol) => protocol.startsWith(LIVE_TICKET_PREFIX))
    if (ticket === undefined) return await byApiKey(parts)(request)
    const { keyId } = liveTickets.read(ticket.slice(LIVE_TICKET_PREFIX.length))
    const account = await repositories.apiKeys.findAccountByKeyId(keyId)
    if (account === null) throw refused('a ticket of a revoked API key')
    return { account, keyId }
  }
}

/** Lets requests with a live key pass, up to the key's rate. */
export const requireAccount = (
  app: FastifyInstance,
  { repositories, settings }: Pick<ApiDependencies, 'repositories' | 'settings'>,
  recognise: Recognise = byApiKey({ repositories }),
): onRequestAsyncHookHandler => {
  const checkRate = app.createRateLimit({
    max: settings.rateLimits.perKeyPerMinute,
    timeWindow: 60_000,
    keyGenerator: ({ account }) => account?.id ?? '',
  })
  return async (request) => {
    const found = await recognise(request)
    request.account = found.account
    request.apiKeyId = found.keyId
    request.keyOwner = found.account.id
    // Spool is a client of its own tasks API; its own renders must not starve each other.
    if (found.account.plan === 'internal') return
    const rate = await checkRate(request)
    if (!rate.isAllowed && rate.isExceeded) {
      throw new MediaError('RATE_LIMITED', 'too many requests with one key', {
        retryAfterMs: rate.ttl,
      })
    }
  }
}

/** Lets the operator pass. */
export const requireOperator =
  ({ adminKeyHash }: { readonly adminKeyHash: string | null }): onRequestAsyncHookHandler =>
  async (request) => {
    const key = bearerToken(request.headers.authorization)
    if (key === null || adminKeyHash === null || !matchesHash(key, adminKeyHash)) {
      throw refused('not the admin key')
    }
    request.keyOwner = OPERATOR
  }
