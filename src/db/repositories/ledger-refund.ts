import { and, eq, inArray, sum } from 'drizzle-orm'
import { MediaError } from '../../domain/failures.ts'
import { refundEntries, refundTransactionId } from '../../domain/ledger.ts'
import type { Queryable, Transaction } from '../database.ts'
import { holds, ledgerEntries } from '../schema/index.ts'
import { post } from './ledger-holds.ts'

export interface RefundRequest {
  readonly holdId: string
  /** Absent: all that is left. */
  readonly amountCredits?: number | undefined
  /** Tells several refunds of one hold apart. */
  readonly reference?: string | undefined
  /** Why, in words fit for the account's owner. */
  readonly note: string
}

/** `refunded`: this call moved the credits. */
export interface Refund {
  readonly refunded: boolean
  readonly refundedCredits: number
}

/** What was given back of each hold after its capture; holds without refunds are left out. */
export const returnedCredits = async (
  holdIds: readonly string[],
  within: Queryable,
): Promise<ReadonlyMap<string, number>> => {
  const rows = await within
    .select({ holdId: holds.id, total: sum(ledgerEntries.amountCredits).mapWith(Number) })
    .from(ledgerEntries)
    .innerJoin(
      holds,
      and(eq(holds.id, ledgerEntries.holdId), eq(holds.accountId, ledgerEntries.book)),
    )
    .where(and(inArray(holds.id, [...holdIds]), eq(ledgerEntries.kind, 'refund')))
    .groupBy(holds.id)
  return new Map(rows.map(({ holdId, total }) => [holdId, total]))
}

/** Moves captured credits back in a transaction of its own. The hold's row lock makes the refunds
 * of one hold take turns, so that two of them cannot each return the whole. */
export const refundHold = async (tx: Transaction, request: RefundRequest): Promise<Refund> => {
  const { holdId, reference, note } = request
  const [hold] = await tx.select().from(holds).where(eq(holds.id, holdId)).for('update')
  if (hold === undefined) throw new MediaError('NOT_FOUND', `no hold ${holdId}`)

  const [earlier] = await tx
    .select({ amountCredits: ledgerEntries.amountCredits })
    .from(ledgerEntries)
    .where(
      and(
        eq(ledgerEntries.transactionId, refundTransactionId(holdId, reference)),
        eq(ledgerEntries.book, hold.accountId),
      ),
    )
  if (earlier !== undefined) {
    const wanted = request.amountCredits ?? earlier.amountCredits
    if (wanted === earlier.amountCredits) {
      return { refunded: false, refundedCredits: earlier.amountCredits }
    }
    throw new MediaError('HOLD_CONFLICT', `hold ${holdId} was refunded ${earlier.amountCredits}`)
  }

  const returned = await returnedCredits([holdId], tx)
  const left = hold.capturedCredits - (returned.get(holdId) ?? 0)
  const amountCredits = request.amountCredits ?? left
  if (hold.state !== 'captured' || amountCredits > left || left === 0) {
    throw new MediaError(
      'HOLD_CONFLICT',
      `hold ${holdId} is ${hold.state} with ${left} left to refund, wanted: ${amountCredits}`,
    )
  }
  const { accountId } = hold
  await post(
    tx,
    accountId,
    { posted: amountCredits, held: 0 },
    refundEntries({ accountId, holdId, reference, amountCredits, note }),
  )
  return { refunded: true, refundedCredits: amountCredits }
}
