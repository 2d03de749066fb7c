import { sql } from 'drizzle-orm'
import { afterEach, describe, expect, test } from 'vitest'
import { createLedgerRepository } from '../../src/db/repositories/ledger.ts'
import type { AccountId } from '../../src/domain/ids.ts'
import { testDatabase } from '../support/database.ts'
import { insertAccount, newId } from '../support/records.ts'

const { database, pool } = await testDatabase()
const NOW = new Date('2026-01-01T12:00:00Z')
const ledger = createLedgerRepository(database, { clock: () => NOW })

afterEach(async () => {
  expect(await ledger.audit()).toEqual([])
})

const holdOn = async (accountId: AccountId, amountCredits: number, expiresAt = NOW) => {
  const id = `${newId('execution')}:hold`
  const request = { id, accountId, amountCredits, workflowId: 'render-vid_1', expiresAt }
  return { id, request, outcome: await ledger.hold(request) }
}

describe('holding', () => {
  test('a hold sets credits aside without spending them', async () => {
    const accountId = await insertAccount(database, 20)
    const { outcome } = await holdOn(accountId, 15)
    expect(outcome).toEqual({ state: 'pending' })
    expect(await ledger.balance(accountId)).toEqual({ posted: 20, held: 15, available: 5 })
  })

  test('a repeated hold is answered alike and holds once', async () => {
    const accountId = await insertAccount(database, 20)
    const { request } = await holdOn(accountId, 15)
    expect(await ledger.hold(request)).toEqual({ state: 'pending' })
    expect(await ledger.balance(accountId)).toMatchObject({ held: 15 })
  })

  test('a declined hold stays declined after a top-up', async () => {
    const accountId = await insertAccount(database, 10)
    const { request, outcome } = await holdOn(accountId, 15)
    expect(outcome).toEqual({ state: 'declined', availableCredits: 10 })
    await ledger.topUp({ accountId, amountCredits: 90, reference: 'later' })
    expect(await ledger.hold(request)).toEqual({ state: 'declined', availableCredits: 100 })
  })

  test('a hold id that comes again for another amount or account is refused', async () => {
    const [accountId, otherId] = [
      await insertAccount(database, 20),
      await insertAccount(database, 20),
    ]
    const { request } = await holdOn(accountId, 5)
    const conflict = { code: 'HOLD_CONFLICT' }
    await expect(ledger.hold({ ...request, amountCredits: 6 })).rejects.toMatchObject(conflict)
    await expect(ledger.hold({ ...request, accountId: otherId })).rejects.toMatchObject(conflict)
  })

  test.each([0, -1, 1.5, Number.NaN, 2 ** 53])('%d is no amount', async (amountCredits) => {
    const accountId = await insertAccount(database, 20)
    await expect(holdOn(accountId, amountCredits)).rejects.toThrow(RangeError)
    await expect(ledger.topUp({ accountId, amountCredits, reference: 'odd' })).rejects.toThrow(
      RangeError,
    )
    expect(await ledger.balance(accountId)).toEqual({ posted: 20, held: 0, available: 20 })
  })
})

describe('ending a hold', () => {
  test('capturing a part frees the rest, and the entry says what was paid', async () => {
    const accountId = await insertAccount(database, 20)
    const { id } = await holdOn(accountId, 15)
    const ending = await ledger.capture({ holdId: id, capturedCredits: 9 })
    expect(ending).toEqual({
      state: 'captured',
      ended: true,
      capturedCredits: 9,
      releasedCredits: 6,
    })
    expect(await ledger.balance(accountId)).toEqual({ posted: 11, held: 0, available: 11 })
    expect(await ledger.entries(accountId, { limit: 1 })).toMatchObject([
      { kind: 'capture', amountCredits: -9, holdId: id },
    ])
  })

  test('a repeated capture is answered alike; one of another amount is refused', async () => {
    const accountId = await insertAccount(database, 20)
    const { id } = await holdOn(accountId, 15)
    await ledger.capture({ holdId: id })
    expect(await ledger.capture({ holdId: id })).toMatchObject({
      ended: false,
      capturedCredits: 15,
    })
    await expect(ledger.capture({ holdId: id, capturedCredits: 3 })).rejects.toMatchObject({
      code: 'HOLD_CONFLICT',
    })
    expect(await ledger.balance(accountId)).toMatchObject({ posted: 5, held: 0 })
  })

  test('more than was held cannot be captured', async () => {
    const accountId = await insertAccount(database, 100)
    const { id } = await holdOn(accountId, 15)
    await expect(ledger.capture({ holdId: id, capturedCredits: 16 })).rejects.toMatchObject({
      code: 'HOLD_CONFLICT',
    })
    expect(await ledger.holdOf(id)).toMatchObject({ state: 'pending' })
  })

  test('a voided hold gives everything back, and cannot be captured any more', async () => {
    const accountId = await insertAccount(database, 20)
    const { id } = await holdOn(accountId, 15)
    const voided = { state: 'voided', capturedCredits: 0, releasedCredits: 15 }
    expect(await ledger.void(id)).toEqual({ ...voided, ended: true })
    expect(await ledger.void(id)).toEqual({ ...voided, ended: false })
    await expect(ledger.capture({ holdId: id })).rejects.toMatchObject({ code: 'HOLD_CONFLICT' })
    expect(await ledger.balance(accountId)).toEqual({ posted: 20, held: 0, available: 20 })
  })

  test('voiding a captured hold changes nothing and says so', async () => {
    const accountId = await insertAccount(database, 20)
    const { id } = await holdOn(accountId, 15)
    await ledger.capture({ holdId: id })
    expect(await ledger.void(id)).toMatchObject({ state: 'captured', ended: false })
    expect(await ledger.balance(accountId)).toMatchObject({ posted: 5, held: 0 })
  })

  test('the sweep sees pending holds past their time, oldest first, and no others', async () => {
    const accountId = await insertAccount(database, 100)
    const at = (minutes: number) => new Date(NOW.getTime() + minutes * 60_000)
    const late = await holdOn(accountId, 1, at(-1))
    const later = await holdOn(accountId, 1, at(-2))
    const ended = await holdOn(accountId, 1, at(-3))
    const young = await holdOn(accountId, 1, at(1))
    await ledger.void(ended.id)
    const mine = new Set([late.id, later.id, ended.id, young.id])
    const due = (await ledger.expiredPending(NOW, 1000)).map(({ id }) => id)
    expect(due.filter((id) => mine.has(id))).toEqual([later.id, late.id])
    expect(await ledger.expire(late.id)).toMatchObject({ state: 'expired', releasedCredits: 1 })
  })

  test('an unknown hold is NOT_FOUND, whatever is asked of it', async () => {
    const missing = { code: 'NOT_FOUND' }
    await expect(ledger.capture({ holdId: 'none' })).rejects.toMatchObject(missing)
    await expect(ledger.void('none')).rejects.toMatchObject(missing)
    await expect(ledger.refund({ holdId: 'none', note: '' })).rejects.toMatchObject(missing)
    expect(await ledger.holdOf('none')).toBeNull()
  })
})

describe('top-ups and refunds', () => {
  test('a top-up counts once per reference, also when two arrive together', async () => {
    const accountId = await insertAccount(database)
    const topUp = { accountId, amountCredits: 50, reference: 'invoice 7' }
    const answers = await Promise.all([ledger.topUp(topUp), ledger.topUp(topUp)])
    expect(answers.filter(({ added }) => added)).toHaveLength(1)
    expect(await ledger.balance(accountId)).toMatchObject({ posted: 50 })
    await expect(ledger.topUp({ ...topUp, amountCredits: 51 })).rejects.toMatchObject({
      code: 'CONFLICT',
    })
  })

  test('a top-up of an account that does not exist leaves nothing behind', async () => {
    const topUp = { accountId: newId('account'), amountCredits: 5, reference: 'x' }
    await expect(ledger.topUp(topUp)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(await ledger.entries(topUp.accountId, { limit: 10 })).toEqual([])
  })

  test('a refund returns what was captured, once', async () => {
    const accountId = await insertAccount(database, 20)
    const { id } = await holdOn(accountId, 15)
    await ledger.capture({ holdId: id, capturedCredits: 10 })
    const refund = { holdId: id, note: 'The video was faulty' }
    expect(await ledger.refund(refund)).toEqual({ refunded: true, refundedCredits: 10 })
    expect(await ledger.refund(refund)).toEqual({ refunded: false, refundedCredits: 10 })
    expect(await ledger.balance(accountId)).toEqual({ posted: 20, held: 0, available: 20 })
  })

  test('partial refunds never return more than was captured', async () => {
    const accountId = await insertAccount(database, 20)
    const { id } = await holdOn(accountId, 15)
    await ledger.capture({ holdId: id })
    const part = (reference: string, amountCredits?: number) =>
      ledger.refund({ holdId: id, reference, amountCredits, note: 'goodwill' })
    await part('a', 9)
    await expect(part('a', 8)).rejects.toMatchObject({ code: 'HOLD_CONFLICT' })
    await expect(part('b', 7)).rejects.toMatchObject({ code: 'HOLD_CONFLICT' })
    expect(await part('b')).toMatchObject({ refundedCredits: 6 })
    await expect(part('c')).rejects.toMatchObject({ code: 'HOLD_CONFLICT' })
    expect(await ledger.balance(accountId)).toMatchObject({ posted: 20 })
  })

  test('a hold that was not captured cannot be refunded', async () => {
    const accountId = await insertAccount(database, 20)
    const { id } = await holdOn(accountId, 15)
    await expect(ledger.refund({ holdId: id, note: '' })).rejects.toMatchObject({
      code: 'HOLD_CONFLICT',
    })
  })

  test('the entries of an account are paged newest first, without those of others', async () => {
    const accountId = await insertAccount(database)
    for (const reference of ['a', 'b', 'c']) {
      await ledger.topUp({ accountId, amountCredits: 1, reference })
    }
    const first = await ledger.entries(accountId, { limit: 2 })
    expect(first.map(({ note }) => note)).toEqual(['Top-up c', 'Top-up b'])
    const rest = await ledger.entries(accountId, { limit: 2, before: first[1]?.sequence })
    expect(rest.map(({ note }) => note)).toEqual(['Top-up a'])
  })

  test('an operation inside a larger transaction is undone with it', async () => {
    const accountId = await insertAccount(database, 20)
    const { id } = await holdOn(accountId, 15)
    const undone = database.transaction(async (tx) => {
      await ledger.capture({ holdId: id }, tx)
      throw new Error('something else failed')
    })
    await expect(undone).rejects.toThrow('something else failed')
    expect(await ledger.holdOf(id)).toMatchObject({ state: 'pending' })
    expect(await ledger.balance(accountId)).toMatchObject({ posted: 20, held: 15 })
  })
})

describe('what the database itself refuses', () => {
  test.each([
    'UPDATE ledger_entries SET amount_credits = amount_credits + 1',
    'DELETE FROM ledger_entries',
    'TRUNCATE ledger_entries',
  ])('%s', async (statement) => {
    await insertAccount(database, 5)
    await expect(pool.query(statement)).rejects.toThrow(/append-only/)
  })

  test('a transaction that does not sum to zero', async () => {
    const insert = `INSERT INTO ledger_entries (transaction_id, book, amount_credits, kind)
      VALUES ('unbalanced', 'a', 5, 'top-up'), ('unbalanced', 'b', -4, 'top-up')`
    await expect(pool.query(insert)).rejects.toThrow(/does not sum to zero/)
  })

  test('an entry that is added to a closed transaction', async () => {
    const accountId = await insertAccount(database, 5)
    const insert = `INSERT INTO ledger_entries (transaction_id, book, amount_credits, kind)
      VALUES ('top-up:${accountId}:start', 'elsewhere', 5, 'top-up')`
    await expect(pool.query(insert)).rejects.toThrow(/does not sum to zero/)
  })

  test.each(['posted = -1', 'held = 6', 'held = -1'])('an account with %s', async (change) => {
    const accountId = await insertAccount(database, 5)
    await expect(
      pool.query(`UPDATE credit_accounts SET ${change} WHERE account_id = $1`, [accountId]),
    ).rejects.toThrow(/check constraint/)
  })
})

test('the audit names every kind of drift', async () => {
  const accountId = await insertAccount(database, 30)
  const [captured, pending] = [await holdOn(accountId, 5), await holdOn(accountId, 6)]
  await ledger.capture({ holdId: captured.id })
  const seen = database.transaction(async (tx) => {
    await tx.execute(sql`UPDATE credit_accounts SET posted = 99 WHERE account_id = ${accountId}`)
    await tx.execute(sql`UPDATE holds SET captured_credits = 4 WHERE id = ${captured.id}`)
    await tx.execute(sql`UPDATE holds SET ended_at = now() WHERE id = ${pending.id}`)
    throw Object.assign(new Error('undo'), {
      violations: await createLedgerRepository(tx as never).audit(),
    })
  })
  await expect(seen).rejects.toMatchObject({
    violations: expect.arrayContaining([
      expect.objectContaining({ invariant: 'I1', subject: accountId }),
      expect.objectContaining({ invariant: 'I4', subject: pending.id }),
      expect.objectContaining({ invariant: 'I5', subject: captured.id }),
    ]),
  })
})
