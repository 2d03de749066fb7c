import { and, count, eq, inArray, isNotNull, sql } from 'drizzle-orm'
import type { ExecutionId } from '../../domain/ids.ts'
import { isStepDone, STEP_STATUSES } from '../../domain/statuses.ts'
import type { Database } from '../database.ts'
import { executionSteps, generationJobs } from '../schema/index.ts'

/** What one model at one provider has made for all accounts together. */
export interface ModelSpending {
  readonly provider: string
  readonly model: string
  readonly jobCount: number
  readonly costMicroUsd: number
}

const DONE = STEP_STATUSES.filter(isStepDone)

export const createGenerationSpending = ({ database }: { readonly database: Database }) => ({
  /** What the steps of an execution that are done have cost; a plan's are its jobs. */
  spentCredits: async (executionId: ExecutionId): Promise<number> => {
    const [done] = await database
      .select({ credits: sql<string>`coalesce(sum(${executionSteps.priceCredits}), 0)` })
      .from(executionSteps)
      .where(and(eq(executionSteps.executionId, executionId), inArray(executionSteps.status, DONE)))
    return Number(done?.credits ?? 0)
  },

  /** For metrics; what was used again counts nothing. */
  spending: async (): Promise<readonly ModelSpending[]> => {
    const rows = await database
      .select({
        provider: generationJobs.provider,
        model: generationJobs.model,
        jobCount: count(),
        costMicroUsd: sql<string>`coalesce(sum(${generationJobs.costMicroUsd}), 0)`,
      })
      .from(generationJobs)
      .where(and(isNotNull(generationJobs.result), eq(generationJobs.cacheHit, false)))
      .groupBy(generationJobs.provider, generationJobs.model)
    return rows.flatMap(({ provider, model, jobCount, costMicroUsd }) =>
      provider === null || model === null
        ? []
        : [{ provider, model, jobCount, costMicroUsd: Number(costMicroUsd) }],
    )
  },
})
