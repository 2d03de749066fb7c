import { and, eq, isNull, lt } from 'drizzle-orm'
import type { AccountId } from '../../domain/ids.ts'
import type { Database } from '../database.ts'
import { withDatabaseFailures } from '../failures.ts'
import { idempotencyKeys } from '../schema/index.ts'
import type { RepositoryOptions } from './page.ts'

/** A request that has held its key for so long is taken for dead; routes answer in seconds. */
const CLAIM_TIMEOUT_MS = 60_000

/**
 * `new`: handle the request, with ids made from `seed`, which is the first request's when that one
 * died half-way. `replay`: give the stored answer. `conflict`: the key belongs to another body.
 */
export type IdempotencyClaim =
  | { readonly state: 'new'; readonly seed: string }
  | { readonly state: 'replay'; readonly status: number; readonly body: unknown }
  | { readonly state: 'conflict' }
  | { readonly state: 'in-progress' }

export interface IdempotencyKey {
  readonly accountId: AccountId
  readonly key: string
}

/**
 * The first answer to each key of an account. A key is *free* → *claimed* (one request handles it)
 * → *answered* (its answer is given to all others), or claimed → free by `release`.
 */
export const createIdempotencyRepository = (
  database: Database,
  { clock = () => new Date() }: RepositoryOptions = {},
) => {
  const ofKey = ({ accountId, key }: IdempotencyKey) =>
    and(eq(idempotencyKeys.accountId, accountId), eq(idempotencyKeys.key, key))
  const isClaimed = (key: IdempotencyKey) => and(ofKey(key), isNull(idempotencyKeys.responseStatus))

  /** One of all that try gets it: the update waits for its rivals and then looks again. */
  const takeOver = async (key: IdempotencyKey): Promise<boolean> => {
    const now = clock()
    const abandonedBefore = new Date(now.getTime() - CLAIM_TIMEOUT_MS)
    const taken = await database
      .update(idempotencyKeys)
      .set({ lockedAt: now })
      .where(and(isClaimed(key), lt(idempotencyKeys.lockedAt, abandonedBefore)))
      .returning({ key: idempotencyKeys.key })
    return taken.length > 0
  }

  const claim = async (
    request: IdempotencyKey & { readonly requestHash: string; readonly seed: string },
  ): Promise<IdempotencyClaim> => {
    const inserted = await database
      .insert(idempotencyKeys)
      .values({ ...request, lockedAt: clock() })
      .onConflictDoNothing()
      .returning({ key: idempotencyKeys.key })
    if (inserted.length > 0) return { state: 'new', seed: request.seed }

    const [stored] = await database.select().from(idempotencyKeys).where(ofKey(request))
    // Released between the two statements: whoever held it is done with it, so ask again.
    if (stored === undefined) return { state: 'in-progress' }
    if (stored.requestHash !== request.requestHash) return { state: 'conflict' }
    if (stored.responseStatus !== null) {
      return { state: 'replay', status: stored.responseStatus, body: stored.responseBody }
    }
    return (await takeOver(request))
      ? { state: 'new', seed: stored.seed }
      : { state: 'in-progress' }
  }

  return withDatabaseFailures({
    claim,

    /** Stores the answer. The first one stays. */
    complete: async (
      answer: IdempotencyKey & { readonly status: number; readonly body: unknown },
    ): Promise<void> => {
      await database
        .update(idempotencyKeys)
        .set({ responseStatus: answer.status, responseBody: answer.body })
        .where(isClaimed(answer))
    },

    /**
     * Gives a claim back without an answer. `effects: 'none'` (the request was refused before it did
     * anything): the key is as good as new, for any body. `'unknown'` (a 5xx): only the same body
     * may come again, and is handled with the same seed, so that it finds what was begun.
     */
    release: async (
      claimed: IdempotencyKey & { readonly effects: 'none' | 'unknown' },
    ): Promise<void> => {
      if (claimed.effects === 'none') {
        await database.delete(idempotencyKeys).where(isClaimed(claimed))
      } else {
        await database
          .update(idempotencyKeys)
          .set({ lockedAt: new Date(0) })
          .where(isClaimed(claimed))
      }
    },

    /** Forgets the keys that were first used before the given time; answers how many. */
    prune: async (before: Date): Promise<number> => {
      const { rowCount } = await database
        .delete(idempotencyKeys)
        .where(lt(idempotencyKeys.createdAt, before))
      return rowCount ?? 0
    },
  })
}

export type IdempotencyRepository = ReturnType<typeof createIdempotencyRepository>
