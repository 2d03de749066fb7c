import { afterEach, expect, test } from 'vitest'
import { createLedgerRepository } from '../../src/db/repositories/ledger.ts'
import { MediaError } from '../../src/domain/failures.ts'
import type { AccountId } from '../../src/domain/ids.ts'
import { testDatabase } from '../support/database.ts'
import { insertAccount } from '../support/records.ts'

const CONNECTIONS = 32

const { database } = await testDatabase({ poolSizeMax: CONNECTIONS })
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

/** Works through the items with as many at once as there are connections: all of them busy, and none
 * queued for so long that the pool gives up. */
const inParallel = async <T, R>(
  items: readonly T[],
  run: (item: T) => Promise<R>,
): Promise<readonly R[]> => {
  const answers: R[] = []
  const queue = items.values()
  const lane = async (): Promise<void> => {
    for (const item of queue) answers.push(await run(item))
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, lane))
  return answers
}

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
  const answers = await inParallel(calls, async (name) => ({
    name,
    ...(await ledger.hold(request(accountId, name))),
  }))
  expect(answers).toHaveLength(2_000)

  const statesOf = Map.groupBy(answers, ({ name }) => name)
  const granted = [...statesOf.values()].filter((same) => same[0]?.state === 'pending')
  expect(granted).toHaveLength(balance)
  expect(statesOf.size - granted.length).toBe(1_600 - balance)
  for (const same of statesOf.values()) {
    expect(new Set(same.map(({ state }) => state)).size).toBe(1)
  }
  expect(await ledger.balance(accountId)).toEqual({ posted: 500, held: 500, available: 0 })
}, 120_000)

test('of capture, void and expiry of one hold exactly one wins, 300 times', async () => {
  const accountId = await insertAccount(database, 600)
  const holds = Array.from({ length: 300 }, (_, index) => request(accountId, String(index), 2))
  await inParallel(holds, (hold) => ledger.hold(hold))

  const lost = (error: unknown) => {
    if (error instanceof MediaError && error.code === 'HOLD_CONFLICT') return { ended: false }
    throw error
  }
  const races = await inParallel(holds, ({ id }) =>
    Promise.all(
      shuffled([
        () => ledger.capture({ holdId: id, capturedCredits: 1 }).catch(lost),
        () => ledger.void(id),
        () => ledger.expire(id),
      ]).map((end) => end()),
    ),
  )
  for (const race of races) expect(race.filter(({ ended }) => ended)).toHaveLength(1)

  const ends = await inParallel(holds, ({ id }) => ledger.holdOf(id))
  const captured = ends.filter((hold) => hold?.state === 'captured').length
  expect(ends.every((hold) => hold?.state !== 'pending')).toBe(true)
  expect(await ledger.balance(accountId)).toMatchObject({ posted: 600 - captured, held: 0 })
}, 120_000)

test('two refunds of each of 100 captured holds at once return each of them once', async () => {
  const accountId = await insertAccount(database, 100)
  const holds = Array.from({ length: 100 }, (_, index) => request(accountId, String(index)))
  await inParallel(holds, async (hold) => {
    await ledger.hold(hold)
    await ledger.capture({ holdId: hold.id })
  })
  const twice = holds.flatMap((hold) => [hold, hold])
  const refunds = await inParallel(twice, ({ id }) => ledger.refund({ holdId: id, note: 'twice' }))
  expect(refunds.filter(({ refunded }) => refunded)).toHaveLength(100)
  expect(await ledger.balance(accountId)).toEqual({ posted: 100, held: 0, available: 100 })
}, 120_000)

test('holds that take the place of each other at once never lose or double a credit', async () => {
  const accountId = await insertAccount(database, 10)
  await ledger.hold(request(accountId, 'first', 8))
  const rivals = Array.from({ length: 40 }, (_, index) => ({
    ...request(accountId, `rival-${index}`, 8),
    replacesHoldId: `${accountId}-first`,
  }))
  const answers = await inParallel(rivals, (rival) => ledger.hold(rival))
  expect(answers.filter(({ state }) => state === 'pending')).toHaveLength(1)
  expect(await ledger.holdOf(`${accountId}-first`)).toMatchObject({ state: 'voided' })
  expect(await ledger.balance(accountId)).toMatchObject({ held: 8, available: 2 })
})
