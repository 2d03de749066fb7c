import { sql } from 'drizzle-orm'
import type { Database } from '../database.ts'

/**
 * I1: the cached sums are the sums. I2: every transaction, and so everything, sums to zero. I3: no
 * account is overdrawn. I4: a hold is pending or has ended once, within its amount. I5: a hold has
 * the one capture it says, and no more refunds than that.
 */
export type LedgerInvariant = 'I1' | 'I2' | 'I3' | 'I4' | 'I5'

export interface LedgerViolation {
  readonly invariant: LedgerInvariant
  /** The account, transaction or hold. */
  readonly subject: string
  readonly detail: string
}

/** One statement, so that all of it sees the same moment while work goes on. */
const AUDIT = sql`
  WITH entry_sums AS (
    SELECT book, sum(amount_credits) AS total FROM ledger_entries GROUP BY book
  ), hold_sums AS (
    SELECT account_id, sum(amount_credits) AS total FROM holds WHERE state = 'pending'
    GROUP BY account_id
  ), hold_entries AS (
    SELECT h.id,
      coalesce(sum(-e.amount_credits) FILTER (WHERE e.kind = 'capture'), 0) AS captured,
      count(*) FILTER (WHERE e.kind = 'capture') AS captures,
      coalesce(sum(e.amount_credits) FILTER (WHERE e.kind = 'refund'), 0) AS refunded
    FROM holds h LEFT JOIN ledger_entries e ON e.hold_id = h.id AND e.book = h.account_id
    GROUP BY h.id
  )
  SELECT 'I1' AS invariant, c.account_id AS subject,
    format('posted %s, entries %s; held %s, holds %s',
      c.posted, coalesce(e.total, 0), c.held, coalesce(h.total, 0)) AS detail
  FROM credit_accounts c
  LEFT JOIN entry_sums e ON e.book = c.account_id
  LEFT JOIN hold_sums h ON h.account_id = c.account_id
  WHERE c.posted <> coalesce(e.total, 0) OR c.held <> coalesce(h.total, 0)
  UNION ALL
  SELECT 'I2', transaction_id, format('sums to %s', sum(amount_credits))
  FROM ledger_entries GROUP BY transaction_id HAVING sum(amount_credits) <> 0
  UNION ALL
  SELECT 'I3', account_id, format('posted %s, held %s', posted, held)
  FROM credit_accounts WHERE posted - held < 0 OR held < 0
  UNION ALL
  SELECT 'I4', id, format('%s, captured %s of %s, ended at %s',
    state, captured_credits, amount_credits, ended_at)
  FROM holds
  WHERE (state = 'pending') <> (ended_at IS NULL)
    OR (state = 'captured') <> (captured_credits > 0)
    OR captured_credits > amount_credits
  UNION ALL
  SELECT 'I5', h.id, format('captured %s, by %s entries of %s; refunded %s',
    h.captured_credits, e.captures, e.captured, e.refunded)
  FROM holds h JOIN hold_entries e ON e.id = h.id
  WHERE e.captured <> h.captured_credits OR e.captures > 1 OR e.refunded > h.captured_credits
`

/** Reads all books and names what contradicts the invariants of the ledger; empty when all is well.
 * Its time grows with the ledger: for tests and for a scrape every few minutes. */
export const auditLedger = async (database: Database): Promise<readonly LedgerViolation[]> => {
  const { rows } = await database.execute<Record<keyof LedgerViolation, string>>(AUDIT)
  return rows.map(({ invariant, subject, detail }) => ({
    invariant: invariant as LedgerInvariant,
    subject,
    detail,
  }))
}
