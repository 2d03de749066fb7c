import { sql } from 'drizzle-orm'
import {
  bigserial,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core'
import type { PublicFailure } from '../../domain/failures.ts'
import type { AccountId, ExecutionId } from '../../domain/ids.ts'
import { EXECUTION_STATUSES, STEP_STATUSES } from '../../domain/statuses.ts'
import { PIPELINES } from '../../domain/steps.ts'
import { accounts } from './accounts.ts'
import { createdAt, moment } from './columns.ts'

/** What a pipeline made: names to storage keys. URLs are signed when they are asked for. */
export type OutputKeys = Readonly<Record<string, string>>

/** The index that keeps a second change of a clip out while one is in work. */
export const ONE_RECUT = 'executions_one_recut'

/** One order of a pipeline, from admission to its end. */
export const executions = pgTable(
  'executions',
  {
    id: text().$type<ExecutionId>().primaryKey(),
    accountId: text('account_id')
      .$type<AccountId>()
      .notNull()
      .references(() => accounts.id),
    pipeline: text({ enum: PIPELINES }).notNull(),
    /** What it works on: the video's id for a render. */
    subjectId: text('subject_id').notNull(),
    workflowId: text('workflow_id').notNull(),
    /** What was ordered, as the workflow is given it again in a retry. */
    input: jsonb().$type<Readonly<Record<string, unknown>>>().notNull().default({}),
    /** Retries that were ordered, declined ones included; each has a hold of its own. */
    retries: integer().notNull().default(0),
    status: text({ enum: EXECUTION_STATUSES }).notNull().default('pending'),
    outputKeys: jsonb('output_keys').$type<OutputKeys>().notNull().default({}),
    error: jsonb().$type<PublicFailure & { readonly step: string | null }>(),
    /** When the remote job was last heard of; the stall timer asks for it. */
    lastSignOfLifeAt: moment('last_sign_of_life_at'),
    createdAt: createdAt(),
    finishedAt: moment('finished_at'),
  },
  (table) => [
    index('executions_account').on(table.accountId, table.createdAt),
    index('executions_subject').on(table.subjectId),
    // Metrics count by this.
    index('executions_status').on(table.status),
    // A clip is made again once at a time, whoever asks at the same moment.
    uniqueIndex(ONE_RECUT)
      .on(table.subjectId)
      .where(sql`pipeline = 'recut' AND status IN ('pending', 'processing', 'stalled')`),
  ],
)

export const executionSteps = pgTable(
  'execution_steps',
  {
    executionId: text('execution_id')
      .$type<ExecutionId>()
      .notNull()
      .references(() => executions.id),
    position: integer().notNull(),
    name: text().notNull(),
    status: text({ enum: STEP_STATUSES }).notNull().default('pending'),
    attempts: integer().notNull().default(0),
    /** 0 to 100; null while there is nothing to say. */
    progress: doublePrecision(),
    error: jsonb().$type<PublicFailure>(),
    /** Its part of the order's price, captured when it is completed. */
    priceCredits: integer('price_credits').notNull().default(0),
    startedAt: moment('started_at'),
    finishedAt: moment('finished_at'),
  },
  (table) => [primaryKey({ columns: [table.executionId, table.name] })],
)

/**
 * What listeners are told, in order; streams of an execution and of an account resume by `sequence`. A
 * trigger numbers the events of an account when their transaction ends, one transaction after the
 * other: an event that becomes visible later never has a lower number than one that was there.
 */
export const executionEvents = pgTable(
  'execution_events',
  {
    sequence: bigserial({ mode: 'number' }).primaryKey(),
    executionId: text('execution_id')
      .$type<ExecutionId>()
      .notNull()
      .references(() => executions.id),
    accountId: text('account_id')
      .$type<AccountId>()
      .notNull()
      .references(() => accounts.id),
    type: text().notNull(),
    data: jsonb().$type<Readonly<Record<string, unknown>>>().notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    index('execution_events_order').on(table.executionId, table.sequence),
    index('execution_events_account').on(table.accountId, table.sequence),
  ],
)
