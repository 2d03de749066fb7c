import { and, asc, eq, gt, notExists, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import { MediaError } from '../../domain/failures.ts'
import type { PlanJob } from '../../domain/generation/plan.ts'
import { isHalfExpanded } from '../../domain/generation/scenes.ts'
import type { ExecutionId } from '../../domain/ids.ts'
import { jobStep } from '../../domain/steps.ts'
import type { Database, Transaction } from '../database.ts'
import { executionSteps, generationJobs } from '../schema/index.ts'
import { lockExecution } from './execution-lock.ts'
import type { JobRef } from './generation-orders.ts'

export interface ExpansionRequest extends JobRef {
  /** In order; the result of the last one is that of the job. */
  readonly added: readonly { readonly job: PlanJob; readonly upperCredits: number }[]
  /** What is held for all of it: for the added jobs, and for the call that named them. */
  readonly heldCredits: number
  /** What that call has cost. */
  readonly spentCredits: number
}

/** Where the jobs stand that another one has added. */
export interface AddedJobs {
  /** So many stand before them. */
  readonly earlierCount: number
  readonly resultJobId: string
}

const addedBefore = async (
  tx: Transaction | Database,
  { executionId, jobId }: JobRef,
): Promise<AddedJobs | null> => {
  const rows = await tx
    .select({ jobId: generationJobs.jobId, position: generationJobs.position })
    .from(generationJobs)
    .where(and(eq(generationJobs.executionId, executionId), eq(generationJobs.parentId, jobId)))
    .orderBy(asc(generationJobs.position))
  const [first] = rows
  const last = rows.at(-1)
  if (first === undefined || last === undefined) return null
  return { earlierCount: first.position, resultJobId: last.jobId }
}

/** By its step, what is held for each expansion of an order whose text is written and whose jobs are not
 * added yet: its step has by then the price of the text alone. */
export const creditsToExpand = async (
  tx: Transaction,
  executionId: ExecutionId,
): Promise<ReadonlyMap<string, number>> => {
  const added = alias(generationJobs, 'added')
  const addedBy = and(
    eq(added.executionId, generationJobs.executionId),
    eq(added.parentId, generationJobs.jobId),
  )
  const rows = await tx
    .select()
    .from(generationJobs)
    .where(
      and(
        eq(generationJobs.executionId, executionId),
        sql`${generationJobs.job} ->> 'operation' = 'expand'`,
        notExists(tx.select().from(added).where(addedBy)),
      ),
    )
  const open = rows.filter(({ job, result }) => isHalfExpanded(job, result))
  return new Map(open.map(({ jobId, upperCredits }) => [jobStep(jobId), upperCredits]))
}

/** Puts the steps of added jobs behind that of the job that added them. */
const insertSteps = async (
  tx: Transaction,
  { executionId, jobId, added, spentCredits }: ExpansionRequest,
): Promise<void> => {
  const step = and(
    eq(executionSteps.executionId, executionId),
    eq(executionSteps.name, jobStep(jobId)),
  )
  const [parent] = await tx
    .update(executionSteps)
    .set({ priceCredits: spentCredits })
    .where(step)
    .returning({ position: executionSteps.position })
  const place = parent?.position ?? 0
  await tx
    .update(executionSteps)
    .set({ position: sql`${executionSteps.position} + ${added.length}` })
    .where(and(eq(executionSteps.executionId, executionId), gt(executionSteps.position, place)))
  await tx.insert(executionSteps).values(
    added.map(({ job, upperCredits }, index) => ({
      executionId,
      position: place + 1 + index,
      name: jobStep(job.id),
      priceCredits: upperCredits,
    })),
  )
}

const expand = async (tx: Transaction, request: ExpansionRequest): Promise<AddedJobs> => {
  const { executionId, jobId: parentId, added, heldCredits, spentCredits } = request
  await lockExecution(tx, executionId)
  const before = await addedBefore(tx, request)
  if (before !== null) return before
  const neededCredits = added.reduce((sum, { upperCredits }) => sum + upperCredits, spentCredits)
  if (neededCredits > heldCredits) {
    const detail = `${parentId} would need ${neededCredits} of ${heldCredits} credits`
    throw new MediaError('INSUFFICIENT_CREDITS', detail)
  }
  const [{ count } = { count: 0 }] = await tx
    .select({ count: sql<number>`max(${generationJobs.position}) + 1` })
    .from(generationJobs)
    .where(eq(generationJobs.executionId, executionId))
  await tx.insert(generationJobs).values(
    added.map(({ job, upperCredits }, index) => ({
      executionId,
      jobId: job.id,
      position: count + index,
      parentId,
      job,
      upperCredits,
    })),
  )
  await insertSteps(tx, request)
  return { earlierCount: count, resultJobId: added.at(-1)!.job.id }
}

/** Jobs that are added to a plan in work. */
export const createGenerationExpansions = ({ database }: { readonly database: Database }) => ({
  /** The jobs that this one has added already; null: none. */
  addedBy: (job: JobRef): Promise<AddedJobs | null> => addedBefore(database, job),

  /** Adds jobs and their steps, out of the credits that are held for the job that adds them.
   * *Idempotent.* *Errors:* INSUFFICIENT_CREDITS when they would need more than that. */
  addJobs: (request: ExpansionRequest): Promise<AddedJobs> =>
    database.transaction((tx) => expand(tx, request)),
})
