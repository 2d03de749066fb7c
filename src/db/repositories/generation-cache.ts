import { and, asc, eq, inArray, lt, notExists } from 'drizzle-orm'
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

export interface ClaimRequest extends Maker {
  readonly cacheKey: string
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

const ofKeys = (accountId: AccountId, requests: readonly ClaimRequest[]) =>
  and(
    eq(generationResults.accountId, accountId),
    inArray(
      generationResults.cacheKey,
      requests.map(({ cacheKey }) => cacheKey),
    ),
  )

const LIVE = EXECUTION_STATUSES.filter((status) => !isExecutionOver(status))

/** A row may vanish between two looks, when its owner gives it up; more than twice is no accident. */
const LOOKS_MAX = 3

const ofKey = ({ accountId, cacheKey }: CacheKey) =>
  and(eq(generationResults.accountId, accountId), eq(generationResults.cacheKey, cacheKey))

/** What was made before stays, and is found without a lock: nobody who takes it keeps others waiting. */
const findMade = async (
  database: Database,
  accountId: AccountId,
  requests: readonly ClaimRequest[],
): Promise<Map<ClaimRequest, CacheClaim>> => {
  const made = await database
    .select()
    .from(generationResults)
    .where(and(ofKeys(accountId, requests), eq(generationResults.state, 'done')))
  const rows = new Map(made.map((row) => [row.cacheKey, row]))
  const hits = new Map<ClaimRequest, CacheClaim>()
  for (const request of requests) {
    const row = rows.get(request.cacheKey)
    const claim = row === undefined ? null : meaningOf(row, request, NOBODY)
    if (claim?.state === 'hit') hits.set(request, claim)
  }
  return hits
}

const NOBODY: ReadonlySet<ExecutionId> = new Set()

/** Claims what nobody has asked for before: one of all that try gets it, for the insert waits for its
 * rivals. One statement, and the usual case; in the order of the keys, so that two never wait for each
 * other. Answers whose jobs have got theirs. */
const claimNew = async (
  database: Database,
  accountId: AccountId,
  requests: readonly ClaimRequest[],
): Promise<ReadonlySet<string>> => {
  const takers = requests
    .filter(({ takes }) => takes)
    .toSorted((a, b) => (a.cacheKey < b.cacheKey ? -1 : 1))
  if (takers.length === 0) return new Set()
  const inserted = await database
    .insert(generationResults)
    .values(takers.map((taker) => ({ accountId, cacheKey: taker.cacheKey, ...ownedBy(taker) })))
    .onConflictDoNothing()
    .returning({ jobId: generationResults.ownerJobId })
  return new Set(inserted.map(({ jobId }) => jobId))
}

const ownedBy = ({ executionId, jobId }: Maker) => ({
  state: 'claimed' as const,
  ownerExecutionId: executionId,
  ownerJobId: jobId,
  model: null,
  provider: null,
  result: null,
})

/** What is known of keys that somebody has claimed before; null: its owner has just given it up. */
const claimKnown = async (
  tx: Transaction,
  accountId: AccountId,
  requests: readonly ClaimRequest[],
): Promise<readonly (CacheClaim | null)[]> => {
  const found = await tx
    .select()
    .from(generationResults)
    .where(ofKeys(accountId, requests))
    .orderBy(asc(generationResults.cacheKey))
    .for('update')
  const rows = new Map(found.map((row) => [row.cacheKey, row]))
  const inWork = await ownersInWork(tx, found)
  const claims: (CacheClaim | null)[] = []
  for (const request of requests) {
    const row = rows.get(request.cacheKey)
    const claim = row === undefined ? absent(request) : meaningOf(row, request, inWork)
    if (claim?.state === 'mine' && row !== undefined) {
      await tx
        .update(generationResults)
        .set(ownedBy(request))
        .where(ofKey({ accountId, cacheKey: row.cacheKey }))
      // An equal request behind this one finds it in work.
      rows.set(row.cacheKey, { ...row, ...ownedBy(request) })
      inWork.add(request.executionId)
    }
    claims.push(claim)
  }
  return claims
}

const absent = ({ takes }: ClaimRequest): CacheClaim | null => (takes ? null : { state: 'free' })

/** What a stored row means to somebody who asks. */
const meaningOf = (
  row: Row,
  { executionId, jobId, models, takes }: ClaimRequest,
  inWork: ReadonlySet<ExecutionId>,
): CacheClaim => {
  const { state, result, model, provider } = row
  const mayTake = { state: takes ? 'mine' : 'free' } as const
  if (state === 'done' && result !== null) {
    const isAsGood = models === null || (model !== null && models.includes(model))
    return isAsGood ? { state: 'hit', result, model, provider } : mayTake
  }
  const owner = { executionId: row.ownerExecutionId, jobId: row.ownerJobId }
  const isOwn = owner.executionId === executionId && owner.jobId === jobId
  return isOwn || !inWork.has(owner.executionId) ? mayTake : { state: 'taken', ...owner }
}

const ownersInWork = async (tx: Transaction, rows: readonly Row[]): Promise<Set<ExecutionId>> => {
  const owners = rows.flatMap((row) => (row.state === 'claimed' ? [row.ownerExecutionId] : []))
  if (owners.length === 0) return new Set()
  const live = await tx
    .select({ id: executions.id })
    .from(executions)
    .where(and(inArray(executions.id, owners), inArray(executions.status, LIVE)))
  return new Set(live.map(({ id }) => id))
}

/** What an account has made, by what it was made of. */
export const createGenerationCache = ({ database }: { readonly database: Database }) => ({
  /** Looks for what an account has made before and, with `takes`, claims the making of what it has not;
   * answered in the order of the requests. *Idempotent:* the owner of a claim gets it again. A claim whose
   * execution is over is free. Of equal requests the first one gets it. */
  claim: async (
    accountId: AccountId,
    requests: readonly ClaimRequest[],
  ): Promise<readonly CacheClaim[]> => {
    const claims = await findMade(database, accountId, requests)
    const open = () => requests.filter((request) => !claims.has(request))
    for (let looks = 0; looks < LOOKS_MAX; looks += 1) {
      const claimed = await claimNew(database, accountId, open())
      for (const request of open())
        if (claimed.has(request.jobId)) claims.set(request, { state: 'mine' })
      const known = open()
      if (known.length === 0) break
      const found = await database.transaction((tx) => claimKnown(tx, accountId, known))
      for (const [index, request] of known.entries()) {
        const claim = found[index]
        if (claim != null) claims.set(request, claim)
      }
    }
    return requests.map((request) => claims.get(request) ?? { state: 'free' })
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
