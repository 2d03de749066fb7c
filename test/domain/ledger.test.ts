import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  captureEntries,
  captureTransactionId,
  isCreditAmount,
  orderCredits,
  refundEntries,
  refundTransactionId,
  releasedCredits,
  topUpEntries,
  topUpTransactionId,
} from '../../src/domain/ledger.ts'
import { HOLD_STATES } from '../../src/domain/statuses.ts'

const amounts = fc.integer({ min: 1, max: 1_000_000 })

test('every movement has two books, sums to zero, and has the right sign for the account', () => {
  fc.assert(
    fc.property(amounts, (amountCredits) => {
      const accountId = 'acct_1'
      const holdId = 'exec_1:hold'
      const reference = undefined
      const movements = [
        { entries: topUpEntries({ accountId, amountCredits, reference: 'a' }), sign: 1 },
        {
          entries: captureEntries({ accountId, holdId, capturedCredits: amountCredits }),
          sign: -1,
        },
        {
          entries: refundEntries({ accountId, holdId, reference, amountCredits, note: '' }),
          sign: 1,
        },
      ]
      for (const { entries, sign } of movements) {
        expect(entries).toHaveLength(2)
        expect(entries[0]!.amountCredits + entries[1]!.amountCredits).toBe(0)
        const own = entries.find(({ book }) => book === accountId)
        expect(own?.amountCredits).toBe(sign * amountCredits)
        expect(new Set(entries.map(({ transactionId }) => transactionId)).size).toBe(1)
      }
    }),
  )
})

test('a held credit is either paid or given back, never both, never neither', () => {
  fc.assert(
    fc.property(amounts, amounts, fc.constantFrom(...HOLD_STATES), (a, b, state) => {
      const amountCredits = Math.max(a, b)
      const capturedCredits = state === 'captured' ? Math.min(a, b) : 0
      const hold = { state, amountCredits, capturedCredits }
      const open = state === 'pending' || state === 'declined'
      expect(releasedCredits(hold) + capturedCredits).toBe(open ? 0 : amountCredits)
      expect(orderCredits(hold, 0).refundedCredits).toBe(releasedCredits(hold))
    }),
  )
})

test('a refund after the capture counts as given back', () => {
  const hold = { state: 'captured', amountCredits: 15, capturedCredits: 10 } as const
  expect(orderCredits(hold, 4)).toEqual({
    heldCredits: 15,
    capturedCredits: 10,
    refundedCredits: 9,
  })
})

test('an order without a hold, or with a declined one, shows no credits', () => {
  const nothing = { heldCredits: 0, capturedCredits: 0, refundedCredits: 0 }
  expect(orderCredits(null, 0)).toEqual(nothing)
  expect(orderCredits({ state: 'declined', amountCredits: 15, capturedCredits: 0 }, 0)).toEqual(
    nothing,
  )
})

test('only whole numbers above zero that are exact are amounts', () => {
  expect([1, 15, Number.MAX_SAFE_INTEGER].every(isCreditAmount)).toBe(true)
  expect([0, -1, 0.5, Number.NaN, Infinity, 2 ** 53].some(isCreditAmount)).toBe(false)
})

test('different movements never share a transaction id', () => {
  const ids = [
    topUpTransactionId('acct_1', 'a'),
    topUpTransactionId('acct_2', 'a'),
    captureTransactionId('exec_1:hold'),
    refundTransactionId('exec_1:hold', undefined),
    refundTransactionId('exec_1:hold', 'a'),
  ]
  expect(new Set(ids).size).toBe(ids.length)
})
