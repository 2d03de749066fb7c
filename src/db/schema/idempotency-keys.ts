import { integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { createdAt, moment } from './columns.ts'

/**
 * The first answer to each `Idempotency-Key` of each account. `seed` makes the ids of whatever the
 * request creates: a request that died half-way and is sent again makes the same ids again, so what
 * the first one had started is found and not started twice.
 */
export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    accountId: text('account_id').notNull(),
    key: text().notNull(),
    requestHash: text('request_hash').notNull(),
    seed: text().notNull(),
    /** Null while the first request is being handled. */
    responseStatus: integer('response_status'),
    responseBody: jsonb('response_body').$type<unknown>(),
    lockedAt: moment('locked_at').notNull().defaultNow(),
    createdAt: createdAt(),
  },
  (table) => [primaryKey({ columns: [table.accountId, table.key] })],
)
