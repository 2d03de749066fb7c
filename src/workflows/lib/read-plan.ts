import type { PlanPage } from '../../contracts/generation-activities.ts'
import type { ExecutionId } from '../../domain/ids.ts'
import { generations } from '../activities.ts'

/** The jobs of a plan after the first so many of them, in as many pages as it takes. */
export const readPlan = async (
  executionId: ExecutionId,
  earlierCount: number,
): Promise<Omit<PlanPage, 'isLast'>> => {
  let page = await generations.openPlan({ executionId, earlierCount })
  const jobs = [...page.jobs]
  while (!page.isLast) {
    const count = earlierCount + jobs.length
    page = await generations.openPlan({ executionId, earlierCount: count })
    jobs.push(...page.jobs)
  }
  return { ...page, jobs }
}
