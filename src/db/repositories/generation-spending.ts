import { and, count, eq, isNotNull, sql } from 'drizzle-orm'
import type { Database } from '../database.ts'
import { generationJobs } from '../schema/index.ts'

/** What one model at one provider has made for all accounts together. */
export interface ModelSpending {
  readonly provider: string
  readonly model: string
  readonly jobCount: number
  readonly costMicroUsd: number
}

export const createGenerationSpending = ({ database }: { readonly database: Database }) => ({
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
