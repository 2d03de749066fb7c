import { and, desc, eq, lt, lte, type InferSelectModel } from 'drizzle-orm'
import { MediaError } from '../../domain/failures.ts'
import type { AccountId } from '../../domain/ids.ts'
import { topUpEntries } from '../../domain/ledger.ts'
import type { Database, Queryable, Transaction } from '../database.ts'
import { withDatabaseFailures } from '../failures.ts'
import { holds, ledgerEntries } from '../schema/index.ts'
import { auditLedger } from './ledger-audit.ts'
import {
  balanceOf,
  captureHold,
  captureWhole,
  post,
  releaseHold,
  requireAmount,
  takeHold,
  type Balance,
  type Hold,
  type HoldEnding,
  type HoldOutcome,
  type HoldRequest,
} from './ledger-holds.ts'
import { refundHold, type Refund, type RefundRequest } from './ledger-refund.ts'
import type { RepositoryOptions } from './page.ts'

export type { Balance, Hold, HoldEnding, HoldOutcome, HoldRequest } from './ledger-holds.ts'
export type { Refund, RefundRequest } from './ledger-refund.ts'

export type LedgerEntry = InferSelectModel<typeof ledgerEntries>

const topUpAccount = async (
  tx: Transaction,
  topUp: {
    readonly accountId: AccountId
    readonly amountCredits: number
    readonly reference: string
  },
): Promise<{ readonly added: boolean }> => {
  const entries = topUpEntries(topUp)
  const inserted = await tx
    .insert(ledgerEntries)
    .values([...entries])
    .onConflictDoNothing()
    .returning({ transactionId: ledgerEntries.transactionId })
  if (inserted.length > 0) {
    await post(tx, topUp.accountId, { posted: topUp.amountCredits, held: 0 }, [])
    return { added: true }
  }
  const [, credit] = entries
  const same = await tx.$count(
    ledgerEntries,
    and(
      eq(ledgerEntries.transactionId, credit!.transactionId),
      eq(ledgerEntries.book, credit!.book),
      eq(ledgerEntries.amountCredits, credit!.amountCredits),
    ),
  )
  if (same === 0) {
    throw new MediaError('CONFLICT', `top-up ${topUp.reference} was made with another amount`)
  }
  return { added: false }
}

/**
 * Credits of accounts. Every operation is one transaction of a few statements, may be part of a
 * larger one (`within`), and may be repeated: the first outcome is answered again. Locks are taken in
 * the order hold, credit account. Amounts are whole credits above zero, else RangeError.
 */
export const createLedgerRepository = (
  database: Database,
  { clock = () => new Date() }: RepositoryOptions = {},
) => {
  const inTransaction = <T>(
    within: Transaction | undefined,
    run: (tx: Transaction) => Promise<T>,
  ): Promise<T> => (within === undefined ? database.transaction(run) : run(within))

  return withDatabaseFailures({
    /** Sets credits aside, or declines for good. *Errors:* HOLD_CONFLICT when the id was used for
     * another account or amount. */
    hold: (request: HoldRequest, within?: Transaction): Promise<HoldOutcome> => {
      requireAmount(request.amountCredits)
      return inTransaction(within, (tx) => takeHold(tx, request, clock()))
    },

    /** Takes all of a hold, or a part and frees the rest. *Errors:* HOLD_CONFLICT when it ended
     * another way, or is smaller; NOT_FOUND. */
    capture: (
      input: { readonly holdId: string; readonly capturedCredits?: number | undefined },
      within?: Transaction,
    ): Promise<HoldEnding> => inTransaction(within, (tx) => captureHold(tx, input, clock())),

    /** Takes all of a hold, if there is one. *Errors:* HOLD_CONFLICT when it ended another way. */
    captureIfHeld: (holdId: string, within?: Transaction): Promise<HoldEnding | null> =>
      inTransaction(within, (tx) => captureWhole(tx, holdId, clock())),

    /** Frees a pending hold; leaves an ended one as it is. *Errors:* NOT_FOUND. */
    void: (holdId: string, within?: Transaction): Promise<HoldEnding> =>
      inTransaction(within, (tx) => releaseHold(tx, holdId, { state: 'voided', endedAt: clock() })),

    /** As `void`, for holds that nobody ended in time. */
    expire: (holdId: string, within?: Transaction): Promise<HoldEnding> =>
      inTransaction(within, (tx) =>
        releaseHold(tx, holdId, { state: 'expired', endedAt: clock() }),
      ),

    /** Adds credits, once per account and reference. *Errors:* CONFLICT when the reference was used
     * for another amount. */
    topUp: (
      topUp: {
        readonly accountId: AccountId
        readonly amountCredits: number
        readonly reference: string
      },
      within?: Transaction,
    ): Promise<{ readonly added: boolean }> => {
      requireAmount(topUp.amountCredits)
      return inTransaction(within, (tx) => topUpAccount(tx, topUp))
    },

    /** Gives captured credits back, all that is left of them or a part, once per hold and
     * reference. *Errors:* HOLD_CONFLICT when it is more than was captured, or a repeated call
     * names another amount; NOT_FOUND. */
    refund: (request: RefundRequest, within?: Transaction): Promise<Refund> => {
      if (request.amountCredits !== undefined) requireAmount(request.amountCredits)
      return inTransaction(within, (tx) => refundHold(tx, request))
    },

    balance: (accountId: AccountId, within: Queryable = database): Promise<Balance> =>
      balanceOf(accountId, within),

    /** The account's own side of its transactions, newest first. */
    entries: (
      accountId: AccountId,
      page: { readonly limit: number; readonly before?: number | undefined },
    ): Promise<readonly LedgerEntry[]> =>
      database
        .select()
        .from(ledgerEntries)
        .where(
          and(
            eq(ledgerEntries.book, accountId),
            page.before === undefined ? undefined : lt(ledgerEntries.sequence, page.before),
          ),
        )
        .orderBy(desc(ledgerEntries.sequence))
        .limit(page.limit),

    holdOf: async (holdId: string, within: Queryable = database): Promise<Hold | null> => {
      const [hold] = await within.select().from(holds).where(eq(holds.id, holdId))
      return hold ?? null
    },

    /** Pending holds past their time, oldest first. Whether they may be expired depends on their
     * workflow, which only the caller can ask. */
    expiredPending: (now: Date, limit: number): Promise<readonly Hold[]> =>
      database
        .select()
        .from(holds)
        .where(and(eq(holds.state, 'pending'), lte(holds.expiresAt, now)))
        .orderBy(holds.expiresAt)
        .limit(limit),

    /** What is wrong with the books; empty when all is well. */
    audit: () => auditLedger(database),
  })
}

export type LedgerRepository = ReturnType<typeof createLedgerRepository>
