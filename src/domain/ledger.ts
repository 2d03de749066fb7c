/**
 * The rules of the ledger. A hold is `pending` and then ends exactly once: `captured` (all or part;
 * the rest is free again), `voided`, or `expired`; or it was `declined` from the start and stays so.
 * Credits move only in transactions of two entries that sum to zero.
 */

import type { HoldState } from './statuses.ts'

export const ENTRY_KINDS = ['top-up', 'capture', 'refund'] as const
export type EntryKind = (typeof ENTRY_KINDS)[number]

/** The other side of what accounts pay, and of what they are given. */
const REVENUE_BOOK = 'revenue'
const TOP_UP_BOOK = 'top-ups'

export interface LedgerEntryDraft {
  readonly transactionId: string
  readonly book: string
  readonly amountCredits: number
  readonly kind: EntryKind
  readonly holdId: string | null
  readonly note: string
}

interface Movement extends Omit<LedgerEntryDraft, 'book'> {
  readonly from: string
  readonly to: string
}

const entriesOf = ({ from, to, ...movement }: Movement): readonly LedgerEntryDraft[] => [
  { ...movement, book: from, amountCredits: -movement.amountCredits },
  { ...movement, book: to },
]

/** Transaction ids say what they are for, so that the database refuses a second one for the same. */
export const topUpTransactionId = (accountId: string, reference: string): string =>
  `top-up:${accountId}:${reference}`

export const captureTransactionId = (holdId: string): string => `capture:${holdId}`

export const refundTransactionId = (holdId: string, reference: string | undefined): string =>
  reference === undefined ? `refund:${holdId}` : `refund:${holdId}:${reference}`

export const topUpEntries = (topUp: {
  readonly accountId: string
  readonly amountCredits: number
  readonly reference: string
}): readonly LedgerEntryDraft[] =>
  entriesOf({
    transactionId: topUpTransactionId(topUp.accountId, topUp.reference),
    from: TOP_UP_BOOK,
    to: topUp.accountId,
    amountCredits: topUp.amountCredits,
    kind: 'top-up',
    holdId: null,
    note: `Top-up ${topUp.reference}`,
  })

export const captureEntries = (capture: {
  readonly accountId: string
  readonly holdId: string
  readonly capturedCredits: number
}): readonly LedgerEntryDraft[] =>
  entriesOf({
    transactionId: captureTransactionId(capture.holdId),
    from: capture.accountId,
    to: REVENUE_BOOK,
    amountCredits: capture.capturedCredits,
    kind: 'capture',
    holdId: capture.holdId,
    note: 'Payment for finished work',
  })

export const refundEntries = (refund: {
  readonly accountId: string
  readonly holdId: string
  readonly reference: string | undefined
  readonly amountCredits: number
  readonly note: string
}): readonly LedgerEntryDraft[] =>
  entriesOf({
    transactionId: refundTransactionId(refund.holdId, refund.reference),
    from: REVENUE_BOOK,
    to: refund.accountId,
    amountCredits: refund.amountCredits,
    kind: 'refund',
    holdId: refund.holdId,
    note: refund.note,
  })

/** The largest amount that the database's 64 bits and JavaScript's numbers both count exactly. */
export const isCreditAmount = (amountCredits: number): boolean =>
  Number.isSafeInteger(amountCredits) && amountCredits > 0

interface HoldFigures {
  readonly state: HoldState
  readonly amountCredits: number
  readonly capturedCredits: number
}

/** What the end of a hold gave back: what was held and not paid. */
export const releasedCredits = (hold: HoldFigures): number => {
  switch (hold.state) {
    case 'pending':
    case 'declined':
      return 0
    case 'captured':
    case 'voided':
    case 'expired':
      return hold.amountCredits - hold.capturedCredits
  }
}

/** What a customer sees of the credits of an order. */
export interface OrderCredits {
  /** What was set aside when the order was admitted. */
  readonly heldCredits: number
  readonly capturedCredits: number
  /** What came back: never paid, or paid and returned later. */
  readonly refundedCredits: number
}

export const orderCredits = (hold: HoldFigures | null, returnedCredits: number): OrderCredits =>
  hold === null || hold.state === 'declined'
    ? { heldCredits: 0, capturedCredits: 0, refundedCredits: 0 }
    : {
        heldCredits: hold.amountCredits,
        capturedCredits: hold.capturedCredits,
        refundedCredits: releasedCredits(hold) + returnedCredits,
      }

/** The credits of an order with several holds: one for each round of work on it. */
export const sumOfCredits = (parts: readonly OrderCredits[]): OrderCredits =>
  parts.reduce(
    (sum, part) => ({
      heldCredits: sum.heldCredits + part.heldCredits,
      capturedCredits: sum.capturedCredits + part.capturedCredits,
      refundedCredits: sum.refundedCredits + part.refundedCredits,
    }),
    { heldCredits: 0, capturedCredits: 0, refundedCredits: 0 },
  )
