import { afterEach, expect, test } from 'vitest'
import { createLedgerRepository } from '../../src/db/repositories/ledger.ts'
import { MediaError } from '../../src/domain/failures.ts'
import type { AccountId } from '../../src/domain/ids.ts'
import { testDatabase } from '../support/database.ts'
import { insertAccount } from '../support/records.ts'

const { database } = await testDatabase({ poolSizeMax: 32 })
const ledger = createLedgerRepository(database)

afterEach(async () => {
  expect(await ledger.audit()).toEqual([])
})

const request = (accountId: AccountId, name: string, amountCredits = 1) => ({
  id: `${accountId}-${name}`,
  accountId,
  amountCredits,
  workflowId: 'race',
  expiresAt: new Date(),
})

const shuffled = <T>(values: readonly T[]): T[] =>
  values
    .map((value) => ({ value, order: Math.random() }))
    .toSorted((a, b) => a.order - b.order)
    .map(({ value }) => value)

test('2,000 parallel holds on one account grant its balance exactly, and duplicates agree', async () => {
  const balance = 500
  const accountId = await insertAccount(database, balance)
  const names = Array.from({ length: 1_600 }, (_, index) => String(index))
  const calls = shuffled([...names, ...names.slice(0, 400)])
  const answers = await Promise.all(
    calls.map(async (name) => ({ name, ...(await ledger.hold(request(accountId, name))) })),
  )

  const statesOf = Map.groupBy(answers, ({ name }) => name)
  const granted = [...statesOf.values()].filter((same) => same[0]?.state === 'pending')
  expect(granted).toHaveLength(balance)
  expect(statesOf.size - granted.length).toBe(1_600 - balance)
  for (const same of statesOf.values()) {
    expect(new Set(same.map(({ state }) => state)).size).toBe(1)
  }
  expect(await ledger.balance(accountId)).toEqual({ posted: 500, held: 500, available: 0 })
}, 60_000)

test('of capture, void and expiry of one hold exactly one wins, 300 times', async () => {
  const accountId = await insertAccount(database, 600)
  const holds = Array.from({ length: 300 }, (_, index) => request(accountId, String(index), 2))
  await Promise.all(holds.map((hold) => ledger.hold(hold)))

  const lost = (error: unknown) => {
    if (error instanceof MediaError && error.code === 'HOLD_CONFLICT') return { ended: false }
    throw error
  }
  const races = await Promise.all(
    holds.map(({ id }) =>
      Promise.all(
        shuffled([
          () => ledger.capture({ holdId: id, capturedCredits: 1 }).catch(lost),
          () => ledger.void(id),
          () => ledger.expire(id),
        ]).map((end) => end()),
      ),
    ),
  )
  for (const race of races) expect(race.filter(({ ended }) => ended)).toHaveLength(1)

  const ends = await Promise.all(holds.map(({ id }) => ledger.holdOf(id)))
  const captured = ends.filter((hold) => hold?.state === 'captured').length
  expect(ends.every((hold) => hold?.state !== 'pending')).toBe(true)
  expect(await ledger.balance(accountId)).toMatchObject({ posted: 600 - captured, held: 0 })
}, 60_000)

test('two refunds of each of 100 captured holds at once return each of them once', async () => {
  const accountId = await insertAccount(database, 100)
  const holds = Array.from({ length: 100 }, (_, index) => request(accountId, String(index)))
  await Promise.all(
    holds.map(async (hold) => {
      await ledger.hold(hold)
      await ledger.capture({ holdId: hold.id })
    }),
  )
  const refunds = await Promise.all(
    [...holds, ...holds].map(({ id }) => ledger.refund({ holdId: id, note: 'twice' })),
  )
  expect(refunds.filter(({ refunded }) => refunded)).toHaveLength(100)
  expect(await ledger.balance(accountId)).toEqual({ posted: 100, held: 0, available: 100 })
}, 60_000)

test('holds that take the place of each other at once never lose or double a credit', async () => {
  const accountId = await insertAccount(database, 10)
  await ledger.hold(request(accountId, 'first', 8))
  const rivals = Array.from({ length: 40 }, (_, index) => ({
    ...request(accountId, `rival-${index}`, 8),
    replacesHoldId: `${accountId}-first`,
  }))
  const answers = await Promise.all(rivals.map((rival) => ledger.hold(rival)))
  expect(answers.filter(({ state }) => state === 'pending')).toHaveLength(1)
  expect(await ledger.holdOf(`${accountId}-first`)).toMatchObject({ state: 'voided' })
  expect(await ledger.balance(accountId)).toMatchObject({ held: 8, available: 2 })
})
