/** Who asks: an account by its API key, or the operator by the admin key. */

import type { FastifyInstance, FastifyRequest, onRequestAsyncHookHandler } from 'fastify'
import type { Account } from '../../db/repositories/accounts.ts'
import { MediaError } from '../../domain/failures.ts'
import type { AccountId } from '../../domain/ids.ts'
import { bearerToken, hashApiKey, isMistyped, matchesHash } from '../api-keys.ts'
import type { ApiDependencies } from '../dependencies.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set behind `requireAccount`. */
    account: Account | null
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

/** Lets requests with a live key pass, up to the key's rate. */
export const requireAccount = (
  app: FastifyInstance,
  { repositories, settings }: Pick<ApiDependencies, 'repositories' | 'settings'>,
): onRequestAsyncHookHandler => {
  const checkRate = app.createRateLimit({
    max: settings.rateLimits.perKeyPerMinute,
    timeWindow: 60_000,
    keyGenerator: ({ account }) => account?.id ?? '',
  })
  return async (request) => {
    const key = bearerToken(request.headers.authorization)
    if (key === null || isMistyped(key)) throw refused('no API key, or one that is mistyped')
    const found = await repositories.apiKeys.findAccountByKeyHash(hashApiKey(key))
    if (found === null) throw refused('an unknown or revoked API key')
    request.account = found.account
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
