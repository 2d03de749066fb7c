import { sql } from 'drizzle-orm'
import { bigint, bigserial, check, index, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core'
import type { AccountId } from '../../domain/ids.ts'
import { ENTRY_KINDS } from '../../domain/ledger.ts'
import { HOLD_STATES } from '../../domain/statuses.ts'
import { accounts } from './accounts.ts'
import { createdAt, moment } from './columns.ts'

const credits = (name: string) => bigint(name, { mode: 'number' })

/** Cached sums of one account: `posted` is the sum of its entries, `held` of its pending holds. */
export const creditAccounts = pgTable(
  'credit_accounts',
  {
    accountId: text('account_id')
      .$type<AccountId>()
      .primaryKey()
      .references(() => accounts.id),
    posted: credits('posted').notNull().default(0),
    held: credits('held').notNull().default(0),
  },
  (table) => [
    check('credit_accounts_held_not_negative', sql`${table.held} >= 0`),
    check('credit_accounts_never_overdrawn', sql`${table.posted} - ${table.held} >= 0`),
  ],
)

/** A promise of credits that ends exactly once; see `HOLD_STATES`. */
export const holds = pgTable(
  'holds',
  {
    /** `<order id>:hold`: what it pays for. */
    id: text().primaryKey(),
    accountId: text('account_id')
      .$type<AccountId>()
      .notNull()
      .references(() => accounts.id),
    amountCredits: credits('amount_credits').notNull(),
    state: text({ enum: HOLD_STATES }).notNull(),
    capturedCredits: credits('captured_credits').notNull().default(0),
    /** The workflow that will end the hold; the sweep asks whether it still runs. */
    workflowId: text('workflow_id').notNull(),
    expiresAt: moment('expires_at').notNull(),
    createdAt: createdAt(),
    endedAt: moment('ended_at'),
  },
  (table) => [
    check('holds_amount_positive', sql`${table.amountCredits} > 0`),
    check(
      'holds_capture_within_amount',
      sql`${table.capturedCredits} >= 0 AND ${table.capturedCredits} <= ${table.amountCredits}`,
    ),
    // The expiry sweep reads pending holds by age; all others are history.
    index('holds_pending')
      .on(table.expiresAt)
      .where(sql`state = 'pending'`),
    index('holds_account').on(table.accountId, table.createdAt),
  ],
)

/**
 * Append-only, double-entry: the entries of one transaction sum to zero. Triggers of the first
 * migration enforce both. `book` is an account id or one of the system books `revenue`, `top-ups`.
 */
export const ledgerEntries = pgTable(
  'ledger_entries',
  {
    sequence: bigserial({ mode: 'number' }).primaryKey(),
    transactionId: text('transaction_id').notNull(),
    book: text().notNull(),
    amountCredits: credits('amount_credits').notNull(),
    kind: text({ enum: ENTRY_KINDS }).notNull(),
    holdId: text('hold_id').references(() => holds.id),
    /** What the entry is for, in words fit for the account's owner. */
    note: text().notNull().default(''),
    createdAt: createdAt(),
  },
  (table) => [
    check('ledger_entries_not_zero', sql`${table.amountCredits} <> 0`),
    // A transaction touches a book once; its id is derived from what it is for, so a repeated
    // capture, top-up or refund fails here instead of counting twice.
    uniqueIndex('ledger_entries_once').on(table.transactionId, table.book),
    // GET /v1/account/ledger: newest first.
    index('ledger_entries_book').on(table.book, table.sequence),
    // What was captured and refunded of a hold.
    index('ledger_entries_hold')
      .on(table.holdId)
      .where(sql`hold_id IS NOT NULL`),
  ],
)
