import { and, eq, inArray, lt, notExists } from 'drizzle-orm'
import type { AccountId, ExecutionId } from '../../domain/ids.ts'
import type { JobResult } from '../../domain/generation/plan.ts'
import { EXECUTION_STATUSES, isExecutionOver } from '../../domain/statuses.ts'
import type { Database, Transaction } from '../database.ts'
import { executions, generationResults } from '../schema/index.ts'

/** Who makes something. */
export interface Maker {
  readonly executionId: ExecutionId
  readonly jobId: string
}

export interface CacheKey {
  readonly accountId: AccountId
  readonly cacheKey: string
}

export interface ClaimRequest extends CacheKey, Maker {
  /** Models whose work is as good; null: no model makes it. */
  readonly models: readonly string[] | null
  /** False: only look. */
  readonly takes: boolean
}

/** `hit`: it was made before. `mine`: the caller makes it, and nobody else. `taken`: somebody makes it.
 * `free`: nobody does, and the caller only looked. */
export type CacheClaim =
  | {
      readonly state: 'hit'
      readonly result: JobResult
      readonly model: string | null
      readonly provider: string | null
    }
  | { readonly state: 'mine' | 'free' }
  | ({ readonly state: 'taken' } & Maker)

type Row = typeof generationResults.$inferSelect

const LIVE = EXECUTION_STATUSES.filter((status) => !isExecutionOver(status))

/** A row may vanish between two looks, when its owner gives it up; more than twice is no accident. */
const LOOKS_MAX = 3

const ofKey = ({ accountId, cacheKey }: CacheKey) =>
  and(eq(generationResults.accountId, accountId), eq(generationResults.cacheKey, cacheKey))

/** What a stored row means to somebody who asks; null: it may be taken. */
const meaningOf = async (
  tx: Transaction,
  row: Row,
  { executionId, jobId, models }: ClaimRequest,
): Promise<CacheClaim | null> => {
  const { state, result, model, provider } = row
  if (state === 'done' && result !== null) {
    const isAsGood = models === null || (model !== null && models.includes(model))
    return isAsGood ? { state: 'hit', result, model, provider } : null
  }
  if (row.ownerExecutionId === executionId && row.ownerJobId === jobId) return null
  const owner = { executionId: row.ownerExecutionId, jobId: row.ownerJobId }
  return (await isInWork(tx, owner.executionId)) ? { state: 'taken', ...owner } : null
}

const isInWork = async (tx: Transaction, executionId: ExecutionId): Promise<boolean> => {
  const [found] = await tx
    .select({ id: executions.id })
    .from(executions)
    .where(and(eq(executions.id, executionId), inArray(executions.status, LIVE)))
  return found !== undefined
}

const ownedBy = ({ executionId, jobId }: Maker) => ({
  state: 'claimed' as const,
  ownerExecutionId: executionId,
  ownerJobId: jobId,
  model: null,
  provider: null,
  result: null,
})

/** Claims what nobody has asked for before: one of all that try gets it, for the insert waits for its
 * rivals. One statement, and the usual case. */
const isFirst = async (database: Database, request: ClaimRequest): Promise<boolean> => {
  const { accountId, cacheKey } = request
  const inserted = await database
    .insert(generationResults)
    .values({ accountId, cacheKey, ...ownedBy(request) })
    .onConflictDoNothing()
    .returning({ cacheKey: generationResults.cacheKey })
  return inserted.length > 0
}

const claimOnce = async (tx: Transaction, request: ClaimRequest): Promise<CacheClaim | null> => {
  const { takes } = request
  const [row] = await tx.select().from(generationResults).where(ofKey(request)).for('update')
  if (row === undefined) return takes ? null : { state: 'free' }
  const meaning = await meaningOf(tx, row, request)
  if (meaning !== null) return meaning
  if (!takes) return { state: 'free' }
  await tx.update(generationResults).set(ownedBy(request)).where(ofKey(request))
  return { state: 'mine' }
}

/** What an account has made, by what it was made of. */
export const createGenerationCache = ({ database }: { readonly database: Database }) => ({
  /** Looks for what was made before and, with `takes`, claims the making of what was not. *Idempotent:*
   * the owner of a claim gets it again. A claim whose execution is over is free. */
  claim: async (request: ClaimRequest): Promise<CacheClaim> => {
    for (let looks = 0; looks < LOOKS_MAX; looks += 1) {
      if (request.takes && (await isFirst(database, request))) return { state: 'mine' }
      const claim = await database.transaction((tx) => claimOnce(tx, request))
      if (claim !== null) return claim
    }
    return { state: 'free' }
  },

  /** Forgets a result whose file is gone. */
  forgetResult: async (request: CacheKey & { readonly storageKey: string }): Promise<void> => {
    await database.transaction(async (tx) => {
      const [row] = await tx.select().from(generationResults).where(ofKey(request)).for('update')
      if (row?.result?.storageKey !== request.storageKey) return
      await tx.delete(generationResults).where(ofKey(request))
    })
  },

  /** Removes claims of before the given time whose executions are over; how many. Each would be free
   * for the next one that asks, but nobody may ever ask. */
  freeStaleClaims: async (before: Date): Promise<number> => {
    const inWork = database
      .select()
      .from(executions)
      .where(
        and(
          eq(executions.id, generationResults.ownerExecutionId),
          inArray(executions.status, LIVE),
        ),
      )
    const { rowCount } = await database
      .delete(generationResults)
      .where(
        and(
          eq(generationResults.state, 'claimed'),
          lt(generationResults.createdAt, before),
          notExists(inWork),
        ),
      )
    return rowCount ?? 0
  },
})
