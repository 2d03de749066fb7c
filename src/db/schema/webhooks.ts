import { sql } from 'drizzle-orm'
import { index, integer, jsonb, pgTable, text } from 'drizzle-orm/pg-core'
import type { AccountId, DeliveryId, EndpointId, EventId } from '../../domain/ids.ts'
import { DELIVERY_STATUSES } from '../../domain/statuses.ts'
import { accounts } from './accounts.ts'
import { createdAt, moment } from './columns.ts'

export const webhookEndpoints = pgTable(
  'webhook_endpoints',
  {
    id: text().$type<EndpointId>().primaryKey(),
    accountId: text('account_id')
      .$type<AccountId>()
      .notNull()
      .references(() => accounts.id),
    url: text().notNull(),
    /** `whsec_…`; needed in clear to sign. */
    secret: text().notNull(),
    /** Event types it wants; empty: all of them. */
    topics: text()
      .array()
      .notNull()
      .default(sql`'{}'`),
    createdAt: createdAt(),
    disabledAt: moment('disabled_at'),
    disabledReason: text('disabled_reason'),
    /** A deleted endpoint stays while its deliveries are listed; it is disabled as well. */
    deletedAt: moment('deleted_at'),
  },
  (table) => [index('webhook_endpoints_account').on(table.accountId)],
)

/** One attempt-counted delivery of one event to one address. */
export const webhookDeliveries = pgTable(
  'webhook_deliveries',
  {
    id: text().$type<DeliveryId>().primaryKey(),
    accountId: text('account_id')
      .$type<AccountId>()
      .notNull()
      .references(() => accounts.id),
    /** The same for every attempt and every endpoint: receivers count an event once by it. */
    eventId: text('event_id').$type<EventId>().notNull(),
    /** Null for the address that an order has of its own. */
    endpointId: text('endpoint_id')
      .$type<EndpointId>()
      .references(() => webhookEndpoints.id),
    url: text().notNull(),
    /** What the order wants its own webhook signed with as well; null: nothing. */
    sealedSecret: text('sealed_secret'),
    eventType: text('event_type').notNull(),
    payload: jsonb().$type<Readonly<Record<string, unknown>>>().notNull(),
    status: text({ enum: DELIVERY_STATUSES }).notNull().default('pending'),
    attempts: integer().notNull().default(0),
    responseStatus: integer('response_status'),
    /** The first kilobyte of the last answer. */
    responseSnippet: text('response_snippet'),
    durationMs: integer('duration_ms'),
    createdAt: createdAt(),
    lastAttemptAt: moment('last_attempt_at'),
  },
  (table) => [
    index('webhook_deliveries_account').on(table.accountId, table.createdAt),
    index('webhook_deliveries_event').on(table.eventId),
  ],
)
