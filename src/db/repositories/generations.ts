import { and, asc, eq, lt, notExists, type InferSelectModel } from 'drizzle-orm'
import type { AccountId, ExecutionId } from '../../domain/ids.ts'
import type { JobResult, PlanJob } from '../../domain/generation/plan.ts'
import { inSnapshot, type Database, type Queryable } from '../database.ts'
import { withDatabaseFailures } from '../failures.ts'
import {
  accounts,
  executions,
  generationJobs,
  generations,
  generationSources,
  type GenerationWebhook,
} from '../schema/index.ts'
import type { Account } from './accounts.ts'
import { executionDetails, type ExecutionDetails } from './execution-reads.ts'
import { createGenerationCache } from './generation-cache.ts'
import { createGenerationDeliveries } from './generation-deliveries.ts'
import { createGenerationExpansions } from './generation-expansions.ts'
import { createGenerationOrders, ofJob, ofJobs } from './generation-orders.ts'
import { createGenerationSpending } from './generation-spending.ts'
import type { RepositoryOptions } from './page.ts'

export type Generation = InferSelectModel<typeof generations>
export type GenerationJob = InferSelectModel<typeof generationJobs>

/** With its jobs, in order. */
export interface WholePlan extends Generation {
  readonly jobs: readonly GenerationJob[]
}

/** A plan with the execution that runs it. */
export interface GenerationRun {
  readonly execution: ExecutionDetails
  readonly generation: WholePlan
}

export interface NewGeneration {
  readonly executionId: ExecutionId
  readonly accountId: AccountId
  /** As it was ordered. */
  readonly body: Readonly<Record<string, unknown>>
  readonly maxCredits: number | null
  readonly baseExecutionId: ExecutionId | null
  readonly webhook: GenerationWebhook | null
  /** In the order of the plan. */
  readonly jobs: readonly {
    readonly job: PlanJob
    readonly upperCredits: number
    /** Set when the plan begins with what another one has made. */
    readonly result?: JobResult | null
    readonly isFresh?: boolean
  }[]
}

/**
 * Plans, their jobs, and what an account has made before. A plan is written down before its execution
 * is admitted; everything after that is written under the lock of the execution's row, which is taken
 * before that of a job or of a cached result.
 */
export const createGenerationsRepository = (
  database: Database,
  { clock = () => new Date() }: RepositoryOptions = {},
) => {
  const jobsOf = (
    executionId: ExecutionId,
    within: Queryable = database,
  ): Promise<GenerationJob[]> =>
    within
      .select()
      .from(generationJobs)
      .where(eq(generationJobs.executionId, executionId))
      .orderBy(asc(generationJobs.position))

  const generationOf = async (
    executionId: ExecutionId,
    within: Queryable = database,
  ): Promise<Generation | null> => {
    const [found] = await within
      .select()
      .from(generations)
      .where(eq(generations.executionId, executionId))
    return found ?? null
  }

  return withDatabaseFailures({
    ...createGenerationCache({ database }),
    ...createGenerationDeliveries({ database, clock }),
    ...createGenerationExpansions({ database }),
    ...createGenerationOrders({ database, clock }),
    ...createGenerationSpending({ database }),

    /** Writes a plan down for the order that comes next. *Idempotent* by execution id. */
    store: (request: NewGeneration): Promise<void> => storeGeneration(database, request),

    /** A plan of this account with its jobs in order; null: it has none under this id. */
    find: async (accountId: AccountId, executionId: ExecutionId): Promise<WholePlan | null> => {
      const found = await generationOf(executionId)
      if (found === null || found.accountId !== accountId) return null
      return { ...found, jobs: await jobsOf(executionId) }
    },

    /** The same with the execution that runs it, as both stood at one moment. */
    findRun: (accountId: AccountId, executionId: ExecutionId): Promise<GenerationRun | null> =>
      inSnapshot(database, async (tx) => {
        const execution = await executionDetails(tx, executionId, accountId)
        const found = await generationOf(executionId, tx)
        if (execution === null || found === null) return null
        return { execution, generation: { ...found, jobs: await jobsOf(executionId, tx) } }
      }),

    generationOf: (executionId: ExecutionId) => generationOf(executionId),
    jobsOf: (executionId: ExecutionId) => jobsOf(executionId),

    /** *Errors:* none; null when there is no such job. */
    jobOf: async (executionId: ExecutionId, jobId: string): Promise<GenerationJob | null> => {
      const [found] = await database
        .select()
        .from(generationJobs)
        .where(ofJob({ executionId, jobId }))
      return found ?? null
    },

    /** Jobs with the account whose plan they are in, in any order; those that there are. */
    ownedJobsOf: (
      executionId: ExecutionId,
      jobIds: readonly string[],
    ): Promise<{ readonly account: Account; readonly row: GenerationJob }[]> =>
      database
        .select({ account: accounts, row: generationJobs })
        .from(generationJobs)
        .innerJoin(generations, eq(generations.executionId, generationJobs.executionId))
        .innerJoin(accounts, eq(accounts.id, generations.accountId))
        .where(ofJobs(executionId, jobIds)),

    /** What jobs of a plan have come to, by their ids; those that are done. */
    resultsOf: async (
      executionId: ExecutionId,
      jobIds: readonly string[],
    ): Promise<ReadonlyMap<string, JobResult>> => {
      const rows = await database
        .select({ jobId: generationJobs.jobId, result: generationJobs.result })
        .from(generationJobs)
        .where(ofJobs(executionId, jobIds))
      return new Map(
        rows.flatMap(({ jobId, result }) => (result === null ? [] : [[jobId, result]])),
      )
    },

    /** Sets a higher limit; false when this one is not higher, or there is no limit or no such plan. */
    raiseLimit: async (input: {
      readonly accountId: AccountId
      readonly executionId: ExecutionId
      readonly maxCredits: number
    }): Promise<boolean> => {
      const { accountId, executionId, maxCredits } = input
      const { rowCount } = await database
        .update(generations)
        .set({ maxCredits })
        .where(
          and(
            eq(generations.executionId, executionId),
            eq(generations.accountId, accountId),
            lt(generations.maxCredits, maxCredits),
          ),
        )
      return rowCount === 1
    },

    /** Notes what was found at a URL of the plan. *Idempotent:* the newest counts. */
    noteSource: async (input: {
      readonly executionId: ExecutionId
      readonly urlSha256: string
      readonly result: JobResult
    }): Promise<void> => {
      const { result } = input
      await database
        .insert(generationSources)
        .values(input)
        .onConflictDoUpdate({
          target: [generationSources.executionId, generationSources.urlSha256],
          set: { result },
        })
    },

    /** What was found at the URLs of a plan, by their SHA-256. */
    sourcesOf: async (executionId: ExecutionId): Promise<ReadonlyMap<string, JobResult>> => {
      const rows = await database
        .select()
        .from(generationSources)
        .where(eq(generationSources.executionId, executionId))
      return new Map(rows.map(({ urlSha256, result }) => [urlSha256, result]))
    },

    /** Forgets plans that were written down before the given time and never admitted; how many. */
    pruneUnadmitted: async (before: Date): Promise<number> => {
      const admitted = database
        .select()
        .from(executions)
        .where(eq(executions.id, generations.executionId))
      const { rowCount } = await database
        .delete(generations)
        .where(and(lt(generations.createdAt, before), notExists(admitted)))
      return rowCount ?? 0
    },
  })
}

export type GenerationsRepository = ReturnType<typeof createGenerationsRepository>

const storeGeneration = async (database: Database, request: NewGeneration): Promise<void> => {
  const { executionId, accountId, body, maxCredits, baseExecutionId, webhook, jobs } = request
  await database.transaction(async (tx) => {
    const inserted = await tx
      .insert(generations)
      .values({ executionId, accountId, body, maxCredits, baseExecutionId, webhook })
      .onConflictDoNothing()
      .returning({ executionId: generations.executionId })
    if (inserted.length === 0) return
    await tx.insert(generationJobs).values(
      jobs.map(({ job, upperCredits, result = null, isFresh = false }, position) => ({
        executionId,
        jobId: job.id,
        position,
        job,
        upperCredits,
        isFresh,
        result,
        cacheHit: result !== null,
      })),
    )
  })
}
