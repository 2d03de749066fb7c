import { and, eq, gte, sql, type InferSelectModel } from 'drizzle-orm'
import { MediaError } from '../../domain/failures.ts'
import type { AccountId } from '../../domain/ids.ts'
import {
  captureEntries,
  isCreditAmount,
  releasedCredits,
  type LedgerEntryDraft,
} from '../../domain/ledger.ts'
import type { Queryable, Transaction } from '../database.ts'
import { creditAccounts, holds, ledgerEntries } from '../schema/index.ts'

export type Hold = InferSelectModel<typeof holds>

export interface HoldRequest {
  /** What it pays for: `holdId(orderId)`. */
  readonly id: string
  readonly accountId: AccountId
  readonly amountCredits: number
  readonly workflowId: string
  readonly expiresAt: Date
  /** A hold whose place this one takes: both change in one step, or neither. If it is pending no
   * more, this is a hold like any other. */
  readonly replacesHoldId?: string | undefined
}

/** `availableCredits` is what the account shows now, with a hold that would be replaced still held. */
export type HoldOutcome =
  | { readonly state: 'pending' | 'captured' | 'voided' | 'expired' }
  | { readonly state: 'declined'; readonly availableCredits: number }

/** `ended`: this call ended the hold. Otherwise it had ended before, as `state` tells. */
export interface HoldEnding {
  readonly state: Hold['state']
  readonly ended: boolean
  readonly capturedCredits: number
  readonly releasedCredits: number
}

export interface Balance {
  readonly posted: number
  readonly held: number
  readonly available: number
}

export const requireAmount = (amountCredits: number): void => {
  if (!isCreditAmount(amountCredits)) {
    throw new RangeError(`not an amount of credits: ${amountCredits}`)
  }
}

const conflict = (hold: Hold, wanted: string): MediaError =>
  new MediaError('HOLD_CONFLICT', `hold ${hold.id} is ${hold.state}, wanted: ${wanted}`)

const endingOf = (hold: Hold, ended: boolean): HoldEnding => ({
  state: hold.state,
  ended,
  capturedCredits: hold.capturedCredits,
  releasedCredits: releasedCredits(hold),
})

/** The stored hold. *Errors:* NOT_FOUND. */
const requireHold = async (holdId: string, within: Queryable): Promise<Hold> => {
  const [hold] = await within.select().from(holds).where(eq(holds.id, holdId))
  if (hold === undefined) throw new MediaError('NOT_FOUND', `no hold ${holdId}`)
  return hold
}

export const balanceOf = async (accountId: AccountId, within: Queryable): Promise<Balance> => {
  const [row] = await within
    .select()
    .from(creditAccounts)
    .where(eq(creditAccounts.accountId, accountId))
  const { posted = 0, held = 0 } = row ?? {}
  return { posted, held, available: posted - held }
}

/** Adds to the cached sums of an account and writes the entries behind it. *Errors:* NOT_FOUND. */
export const post = async (
  tx: Transaction,
  accountId: AccountId,
  change: { readonly posted: number; readonly held: number },
  entries: readonly LedgerEntryDraft[],
): Promise<void> => {
  const posted = await tx
    .update(creditAccounts)
    .set({
      posted: sql`${creditAccounts.posted} + ${change.posted}`,
      held: sql`${creditAccounts.held} + ${change.held}`,
    })
    .where(eq(creditAccounts.accountId, accountId))
    .returning({ accountId: creditAccounts.accountId })
  if (posted.length === 0) throw new MediaError('NOT_FOUND', `no credits of ${accountId}`)
  if (entries.length > 0) await tx.insert(ledgerEntries).values([...entries])
}

/** Ends a pending hold, or answers null when it is pending no more. The `WHERE` decides all races:
 * PostgreSQL looks again after it has waited for a rival's row lock. */
const endPending = async (
  tx: Transaction,
  holdId: string,
  ending: Pick<Hold, 'state' | 'endedAt'> & { readonly capturedCredits?: number | 'all' },
): Promise<Hold | null> => {
  const { capturedCredits = 0, ...how } = ending
  const takesAll = capturedCredits === 'all'
  const [hold] = await tx
    .update(holds)
    .set({ ...how, capturedCredits: takesAll ? sql`${holds.amountCredits}` : capturedCredits })
    .where(
      and(
        eq(holds.id, holdId),
        eq(holds.state, 'pending'),
        takesAll ? undefined : gte(holds.amountCredits, capturedCredits),
      ),
    )
    .returning()
  return hold ?? null
}

export const releaseHold = async (
  tx: Transaction,
  holdId: string,
  ending: { readonly state: 'voided' | 'expired'; readonly endedAt: Date },
): Promise<HoldEnding> => {
  const hold = await endPending(tx, holdId, ending)
  if (hold === null) return endingOf(await requireHold(holdId, tx), false)
  await post(tx, hold.accountId, { posted: 0, held: -hold.amountCredits }, [])
  return endingOf(hold, true)
}

export const captureHold = async (
  tx: Transaction,
  input: { readonly holdId: string; readonly capturedCredits?: number | undefined },
  endedAt: Date,
): Promise<HoldEnding> => {
  const stored = await requireHold(input.holdId, tx)
  const capturedCredits = input.capturedCredits ?? stored.amountCredits
  requireAmount(capturedCredits)
  const hold = await endPending(tx, stored.id, { state: 'captured', endedAt, capturedCredits })
  if (hold === null) {
    const other = await requireHold(stored.id, tx)
    if (other.state === 'captured' && other.capturedCredits === capturedCredits) {
      return endingOf(other, false)
    }
    throw conflict(other, `capture of ${capturedCredits} of ${other.amountCredits}`)
  }
  await postCapture(tx, hold)
  return endingOf(hold, true)
}

/** All of a hold in one question, for those who do not know whether there is one. */
export const captureWhole = async (
  tx: Transaction,
  holdId: string,
  endedAt: Date,
): Promise<HoldEnding | null> => {
  const hold = await endPending(tx, holdId, { state: 'captured', endedAt, capturedCredits: 'all' })
  if (hold === null) {
    const [other] = await tx.select().from(holds).where(eq(holds.id, holdId))
    if (other === undefined) return null
    if (other.state === 'captured') return endingOf(other, false)
    throw conflict(other, `capture of all ${other.amountCredits}`)
  }
  await postCapture(tx, hold)
  return endingOf(hold, true)
}

const postCapture = async (tx: Transaction, hold: Hold): Promise<void> => {
  const { id, accountId, amountCredits, capturedCredits } = hold
  const change = { posted: -capturedCredits, held: -amountCredits }
  await post(tx, accountId, change, captureEntries({ accountId, holdId: id, capturedCredits }))
}

const storedOutcome = async (request: HoldRequest, tx: Transaction): Promise<HoldOutcome> => {
  const hold = await requireHold(request.id, tx)
  if (hold.accountId !== request.accountId || hold.amountCredits !== request.amountCredits) {
    throw conflict(hold, `a hold of ${request.amountCredits} of ${request.accountId}`)
  }
  if (hold.state !== 'declined') return { state: hold.state }
  const { available } = await balanceOf(request.accountId, tx)
  return { state: 'declined', availableCredits: available }
}

export const takeHold = async (
  tx: Transaction,
  request: HoldRequest,
  now: Date,
): Promise<HoldOutcome> => {
  const { id, accountId, amountCredits, replacesHoldId } = request
  const [replaced] =
    replacesHoldId === undefined
      ? []
      : await tx
          .select()
          .from(holds)
          .where(and(eq(holds.id, replacesHoldId), eq(holds.accountId, accountId)))
          .for('update')
  const inserted = await tx
    .insert(holds)
    .values({
      id,
      accountId,
      amountCredits,
      workflowId: request.workflowId,
      expiresAt: request.expiresAt,
      state: 'pending',
    })
    .onConflictDoNothing()
    .returning({ id: holds.id })
  if (inserted.length === 0) return storedOutcome(request, tx)

  const freedCredits = replaced?.state === 'pending' ? replaced.amountCredits : 0
  const granted = await tx
    .update(creditAccounts)
    .set({ held: sql`${creditAccounts.held} + ${amountCredits - freedCredits}` })
    .where(
      and(
        eq(creditAccounts.accountId, accountId),
        sql`${creditAccounts.posted} - ${creditAccounts.held} + ${freedCredits} >= ${amountCredits}`,
      ),
    )
    .returning({ accountId: creditAccounts.accountId })
  if (granted.length === 0) {
    // Kept, not rolled back: a repeated call must not succeed because of a top-up in between.
    await endPending(tx, id, { state: 'declined', endedAt: now })
    const { available } = await balanceOf(accountId, tx)
    return { state: 'declined', availableCredits: available }
  }
  if (replaced !== undefined && freedCredits > 0) {
    await endPending(tx, replaced.id, { state: 'voided', endedAt: now })
  }
  return { state: 'pending' }
}
