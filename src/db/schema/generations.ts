import {
  bigint,
  boolean,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
} from 'drizzle-orm/pg-core'
import type { AccountId, ExecutionId } from '../../domain/ids.ts'
import {
  JOB_WAITS,
  MODEL_ORDER_STATES,
  type KeptAnswer,
  type ModelOrderHandle,
} from '../../domain/generation/model-order.ts'
import type { JobResult, PlanJob } from '../../domain/generation/plan.ts'
import { accounts } from './accounts.ts'
import { createdAt, moment } from './columns.ts'

/** Where the end of an order of the published dialect is told. */
export interface GenerationWebhook {
  readonly url: string
  readonly sealedSecret: string | null
}

/** A plan that was ordered. It is written before its execution is admitted, under the id that this
 * will have; one that is never admitted is swept. */
export const generations = pgTable(
  'generations',
  {
    executionId: text('execution_id').$type<ExecutionId>().primaryKey(),
    accountId: text('account_id')
      .$type<AccountId>()
      .notNull()
      .references(() => accounts.id),
    /** As it was ordered, for those who change it. */
    body: jsonb().$type<Readonly<Record<string, unknown>>>().notNull(),
    /** The run stops before the job that would exceed it; null: whatever was held. */
    maxCredits: integer('max_credits'),
    baseExecutionId: text('base_execution_id').$type<ExecutionId>(),
    webhook: jsonb().$type<GenerationWebhook>(),
    createdAt: createdAt(),
  },
  (table) => [index('generations_created').on(table.createdAt)],
)

/** A job of a plan. Its state, attempts, times, error and price are those of the execution's step
 * `job <id>`; here is what only jobs have. */
export const generationJobs = pgTable(
  'generation_jobs',
  {
    executionId: text('execution_id')
      .$type<ExecutionId>()
      .notNull()
      .references(() => generations.executionId, { onDelete: 'cascade' }),
    jobId: text('job_id').notNull(),
    position: integer().notNull(),
    /** The job that added it to the plan (`expand`); null: it was ordered. */
    parentId: text('parent_id'),
    job: jsonb().$type<PlanJob>().notNull(),
    /** It is made anew, whatever the cache has. */
    isFresh: boolean('is_fresh').notNull().default(false),
    /** The upper end of its estimate. */
    upperCredits: integer('upper_credits').notNull(),
    /** Who makes it, or has made it. */
    model: text(),
    provider: text(),
    orderState: text('order_state', { enum: MODEL_ORDER_STATES }),
    /** Our name of the newest paid order. */
    reference: text(),
    handle: jsonb().$type<ModelOrderHandle>(),
    submittedAt: moment('submitted_at'),
    answer: jsonb().$type<KeptAnswer>(),
    waitingFor: text('waiting_for', { enum: JOB_WAITS }),
    cacheHit: boolean('cache_hit').notNull().default(false),
    /** What its provider takes of us for what was delivered. */
    costMicroUsd: bigint('cost_micro_usd', { mode: 'number' }),
    result: jsonb().$type<JobResult>(),
  },
  (table) => [primaryKey({ columns: [table.executionId, table.jobId] })],
)

/** Files at URLs of a plan, once they have been brought in. */
export const generationSources = pgTable(
  'generation_sources',
  {
    executionId: text('execution_id')
      .$type<ExecutionId>()
      .notNull()
      .references(() => generations.executionId, { onDelete: 'cascade' }),
    /** Hex: URLs may be long, and may be secrets. */
    urlSha256: text('url_sha256').notNull(),
    result: jsonb().$type<JobResult>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.executionId, table.urlSha256] })],
)

/** What an account has made, by what it was made of: the same is never paid twice. A key is *free* →
 * *claimed* (one job makes it) → *done*, or claimed → free again when its owner fails or is over. */
export const generationResults = pgTable(
  'generation_results',
  {
    accountId: text('account_id')
      .$type<AccountId>()
      .notNull()
      .references(() => accounts.id),
    cacheKey: text('cache_key').notNull(),
    state: text({ enum: ['claimed', 'done'] }).notNull(),
    ownerExecutionId: text('owner_execution_id').$type<ExecutionId>().notNull(),
    ownerJobId: text('owner_job_id').notNull(),
    /** Which model has made it; null: none, or nobody yet. */
    model: text(),
    provider: text(),
    result: jsonb().$type<JobResult>(),
    createdAt: createdAt(),
  },
  (table) => [
    primaryKey({ columns: [table.accountId, table.cacheKey] }),
    index('generation_results_owner').on(table.ownerExecutionId, table.ownerJobId),
  ],
)
