import { doublePrecision, index, integer, jsonb, pgTable, text } from 'drizzle-orm/pg-core'
import type { PublicFailure } from '../../domain/failures.ts'
import type { AccountId, TaskId } from '../../domain/ids.ts'
import { TASK_STATUSES } from '../../domain/statuses.ts'
import { TASK_DIALECTS } from '../../domain/task-dialects.ts'
import { TASK_KINDS } from '../../domain/task-kinds.ts'
import type { TaskOutput } from '../../domain/task-output.ts'
import { accounts } from './accounts.ts'
import { createdAt, moment } from './columns.ts'

/** A single media operation. */
export const tasks = pgTable(
  'tasks',
  {
    id: text().$type<TaskId>().primaryKey(),
    accountId: text('account_id')
      .$type<AccountId>()
      .notNull()
      .references(() => accounts.id),
    kind: text({ enum: TASK_KINDS }).notNull(),
    /** In which it was ordered, and is told of. */
    dialect: text({ enum: TASK_DIALECTS }).notNull().default('tasks'),
    status: text({ enum: TASK_STATUSES }).notNull().default('queued'),
    /** A URL or a media id, as it was given. */
    input: text().notNull(),
    options: jsonb().$type<Readonly<Record<string, unknown>>>().notNull(),
    metadata: jsonb().$type<Readonly<Record<string, unknown>>>().notNull(),
    webhookUrl: text('webhook_url'),
    priority: integer().notNull(),
    /** 0 to 100. */
    progress: doublePrecision().notNull().default(0),
    output: jsonb().$type<TaskOutput>(),
    error: jsonb().$type<PublicFailure>(),
    /** When its worker last said that it is alive. */
    lastSignOfLifeAt: moment('last_sign_of_life_at'),
    createdAt: createdAt(),
    startedAt: moment('started_at'),
    finishedAt: moment('finished_at'),
  },
  (table) => [index('tasks_account').on(table.accountId, table.createdAt)],
)
