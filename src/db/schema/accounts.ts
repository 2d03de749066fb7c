import { pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core'
import type { AccountId, ApiKeyId } from '../../domain/ids.ts'
import { PLANS } from '../../domain/plans.ts'
import { createdAt, moment } from './columns.ts'

export const accounts = pgTable('accounts', {
  id: text().$type<AccountId>().primaryKey(),
  name: text().notNull(),
  plan: text({ enum: PLANS }).notNull(),
  /** Where results and failures are mailed; null: nowhere. */
  email: text(),
  /** `whsec_…`: signs the webhooks of tasks that name their own `webhook_url`. */
  webhookSecret: text('webhook_secret').notNull(),
  createdAt: createdAt(),
})

export const apiKeys = pgTable(
  'api_keys',
  {
    id: text().$type<ApiKeyId>().primaryKey(),
    accountId: text('account_id')
      .$type<AccountId>()
      .notNull()
      .references(() => accounts.id),
    name: text().notNull(),
    /** SHA-256 of the key, hex. The key itself has 256 random bits, so a fast hash is enough. */
    keyHash: text('key_hash').notNull(),
    /** The first characters of the key, by which a person recognises it. */
    keyStart: text('key_start').notNull(),
    createdAt: createdAt(),
    revokedAt: moment('revoked_at'),
  },
  // Every request looks its key up by this.
  (table) => [uniqueIndex('api_keys_key_hash').on(table.keyHash)],
)
