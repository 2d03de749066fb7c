import {
  and,
  asc,
  count,
  eq,
  inArray,
  lt,
  notExists,
  sql,
  type InferSelectModel,
} from 'drizzle-orm'
import {
  holdId,
  holdIdsOf,
  orderOfHold,
  type AccountId,
  type ExecutionId,
} from '../../domain/ids.ts'
import { orderCredits, sumOfCredits, type OrderCredits } from '../../domain/ledger.ts'
import { EXECUTION_STATUSES, isExecutionOver, type ExecutionStatus } from '../../domain/statuses.ts'
import type { Pipeline } from '../../domain/steps.ts'
import { inSnapshot, type Database, type Transaction } from '../database.ts'
import { executionEvents, executions, executionSteps, holds } from '../schema/index.ts'
import { lastSequenceOf, readAccountEvents, readEvents } from './execution-events.ts'
import type { Hold } from './ledger.ts'
import { returnedCredits } from './ledger-refund.ts'
import { afterCursor, newestFirst, pageOf, type Page, type PageRequest } from './page.ts'

export type Execution = InferSelectModel<typeof executions>
export type ExecutionStep = InferSelectModel<typeof executionSteps>

export interface ExecutionDetails extends Execution {
  /** In order. */
  readonly steps: readonly ExecutionStep[]
  /** Of the newest round. */
  readonly hold: Hold | null
  /** Of all rounds together. */
  readonly credits: OrderCredits
}

const LIVE = EXECUTION_STATUSES.filter((status) => !isExecutionOver(status))

export interface FailureCount {
  /** Null: it failed outside of any step. */
  readonly step: string | null
  readonly code: string
  readonly count: number
}

/** Adds steps, hold and credits to executions, with three queries however many there are. */
const withDetails = async (
  tx: Transaction,
  rows: readonly Execution[],
): Promise<readonly ExecutionDetails[]> => {
  if (rows.length === 0) return []
  const ids = rows.map(({ id }) => id)
  const holdIds = rows.flatMap(({ id, retries }) => holdIdsOf(id, retries))
  const steps = await tx
    .select()
    .from(executionSteps)
    .where(inArray(executionSteps.executionId, ids))
    .orderBy(asc(executionSteps.position))
  const heldRows = await tx.select().from(holds).where(inArray(holds.id, holdIds))
  const returned = await returnedCredits(holdIds, tx)
  const stepsOf = Map.groupBy(steps, ({ executionId }) => executionId)
  const holdsOf = Map.groupBy(heldRows, ({ id }) => orderOfHold(id))
  return rows.map((row) => {
    const held = holdsOf.get(row.id) ?? []
    const each = held.map((hold) => orderCredits(hold, returned.get(hold.id) ?? 0))
    return {
      ...row,
      steps: stepsOf.get(row.id) ?? [],
      hold: held.find(({ id }) => id === holdId(row.id, row.retries)) ?? null,
      credits: sumOfCredits(each),
    }
  })
}

/** An execution of this account, or of whichever one it is; null: there is none under this id. */
export const executionDetails = async (
  tx: Transaction,
  id: string,
  accountId?: AccountId,
): Promise<ExecutionDetails | null> => {
  const isOwn = accountId === undefined ? undefined : eq(executions.accountId, accountId)
  const rows = await tx
    .select()
    .from(executions)
    .where(and(eq(executions.id, id as ExecutionId), isOwn))
  return (await withDetails(tx, rows))[0] ?? null
}

const createCounts = (database: Database) => ({
  /** How many executions are in each status, for metrics. */
  countByStatus: async (): Promise<Readonly<Record<ExecutionStatus, number>>> => {
    const rows = await database
      .select({ status: executions.status, total: count() })
      .from(executions)
      .groupBy(executions.status)
    const totals = new Map(rows.map(({ status, total }) => [status, total]))
    return Object.fromEntries(
      EXECUTION_STATUSES.map((status) => [status, totals.get(status) ?? 0]),
    ) as Record<ExecutionStatus, number>
  },

  /** How many executions failed, by step and code, for metrics. */
  countFailures: (): Promise<readonly FailureCount[]> =>
    database
      .select({
        step: sql<string | null>`${executions.error} ->> 'step'`,
        code: sql<string>`coalesce(${executions.error} ->> 'code', 'INTERNAL')`,
        count: count(),
      })
      .from(executions)
      .where(eq(executions.status, 'error'))
      .groupBy(sql`1`, sql`2`),
})

/** What is asked of executions. */
export const createExecutionReads = (database: Database) => ({
  ...createCounts(database),

  find: (accountId: AccountId, id: string): Promise<ExecutionDetails | null> =>
    inSnapshot(database, (tx) => executionDetails(tx, id, accountId)),

  findById: (id: string): Promise<ExecutionDetails | null> =>
    inSnapshot(database, (tx) => executionDetails(tx, id)),

  list: (
    input: PageRequest & {
      accountId: AccountId
      status?: ExecutionStatus | undefined
      pipeline?: Pipeline | undefined
      subjectId?: string | undefined
    },
  ): Promise<Page<ExecutionDetails>> => {
    const { accountId, status, pipeline, subjectId, limit, cursor } = input
    return inSnapshot(database, async (tx) => {
      const rows = await tx
        .select()
        .from(executions)
        .where(
          and(
            eq(executions.accountId, accountId),
            status === undefined ? undefined : eq(executions.status, status),
            pipeline === undefined ? undefined : eq(executions.pipeline, pipeline),
            subjectId === undefined ? undefined : eq(executions.subjectId, subjectId),
            afterCursor(executions, cursor),
          ),
        )
        .orderBy(...newestFirst(executions))
        .limit(limit + 1)
      const page = pageOf(rows, limit)
      return { ...page, items: await withDetails(tx, page.items) }
    })
  },

  /** The executions of a pipeline that worked on these subjects, in the order in which they ended; those
   * that have not come last. */
  onSubjects: (
    accountId: AccountId,
    pipeline: Pipeline,
    subjectIds: readonly string[],
  ): Promise<readonly Execution[]> =>
    database
      .select()
      .from(executions)
      .where(
        and(
          eq(executions.accountId, accountId),
          eq(executions.pipeline, pipeline),
          inArray(executions.subjectId, [...subjectIds]),
        ),
      )
      .orderBy(asc(executions.finishedAt), asc(executions.id)),

  /** Executions that were ordered before the given time and are not over, and for which nothing is held
   * (their account is not billed), oldest first. Whether they are in work only their workflows tell. */
  unheldBefore: (before: Date, limit: number): Promise<readonly Execution[]> =>
    database
      .select()
      .from(executions)
      .where(
        and(
          inArray(executions.status, LIVE),
          lt(executions.createdAt, before),
          notExists(
            database
              .select()
              .from(holds)
              .where(and(eq(holds.workflowId, executions.workflowId), eq(holds.state, 'pending'))),
          ),
        ),
      )
      .orderBy(asc(executions.createdAt))
      .limit(limit),

  /** What happened after the given sequence number (0: from the start), oldest first. */
  events: (input: { executionId: ExecutionId; afterSequence: number; limit: number }) =>
    readEvents(database, input),

  /** The same of all executions of an account, or of one of them (`executionId` null: all). */
  accountEvents: (input: {
    accountId: AccountId
    executionId: ExecutionId | null
    afterSequence: number
    limit: number
  }) => readAccountEvents(database, input),

  /** The number of the newest event of an account; 0 before the first. */
  lastSequence: (accountId: AccountId) => lastSequenceOf(database, accountId),

  /** Forgets the events of executions that ended before the given time; answers how many. */
  pruneEvents: async (before: Date): Promise<number> => {
    const ended = database
      .select({ id: executions.id })
      .from(executions)
      .where(lt(executions.finishedAt, before))
    const { rowCount } = await database
      .delete(executionEvents)
      .where(inArray(executionEvents.executionId, ended))
    return rowCount ?? 0
  },
})
