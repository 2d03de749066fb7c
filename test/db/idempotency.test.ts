import { expect, test } from 'vitest'
import { createIdempotencyRepository } from '../../src/db/repositories/idempotency.ts'
import { testDatabase } from '../support/database.ts'
import { newId } from '../support/records.ts'

const { database } = await testDatabase({ poolSizeMax: 20 })

let now = new Date('2026-01-01T12:00:00Z')
const keys = createIdempotencyRepository(database, { clock: () => now })
const later = (seconds: number): void => {
  now = new Date(now.getTime() + seconds * 1000)
}

const newRequest = () => ({
  accountId: newId('account'),
  key: 'order 1',
  requestHash: 'body a',
  seed: 'seed 1',
})

test('of 20 requests at once one is handled, and the others wait', async () => {
  const request = newRequest()
  const claims = await Promise.all(
    Array.from({ length: 20 }, (_, index) => keys.claim({ ...request, seed: `seed ${index}` })),
  )
  const states = claims.map(({ state }) => state).toSorted()
  expect(states).toEqual([...Array.from({ length: 19 }, () => 'in-progress'), 'new'])
})

test('the first answer is replayed to the same body and refused to another', async () => {
  const request = newRequest()
  await keys.claim(request)
  await keys.complete({ ...request, status: 201, body: { id: 'med_1' } })
  await keys.complete({ ...request, status: 500, body: null })
  expect(await keys.claim({ ...request, seed: 'other' })).toEqual({
    state: 'replay',
    status: 201,
    body: { id: 'med_1' },
  })
  expect(await keys.claim({ ...request, requestHash: 'body b' })).toEqual({ state: 'conflict' })
})

test('two accounts may use the same key', async () => {
  const request = newRequest()
  await keys.claim(request)
  expect(await keys.claim({ ...request, accountId: newId('account') })).toMatchObject({
    state: 'new',
  })
})

test('a request that died is taken over by one of those that come again, with its seed', async () => {
  const request = newRequest()
  await keys.claim(request)
  later(59)
  expect(await keys.claim({ ...request, seed: 'seed 2' })).toEqual({ state: 'in-progress' })
  later(2)
  const claims = await Promise.all(
    Array.from({ length: 20 }, (_, index) => keys.claim({ ...request, seed: `other ${index}` })),
  )
  expect(claims.filter(({ state }) => state === 'new')).toEqual([{ state: 'new', seed: 'seed 1' }])
})

test('a refused request frees its key for another body', async () => {
  const request = newRequest()
  await keys.claim(request)
  await keys.release({ ...request, effects: 'none' })
  const corrected = { ...request, requestHash: 'body b', seed: 'seed 2' }
  expect(await keys.claim(corrected)).toEqual({ state: 'new', seed: 'seed 2' })
})

test('a request that failed half-way is handled again with its seed, at once', async () => {
  const request = newRequest()
  await keys.claim(request)
  await keys.release({ ...request, effects: 'unknown' })
  expect(await keys.claim({ ...request, requestHash: 'body b' })).toEqual({ state: 'conflict' })
  expect(await keys.claim({ ...request, seed: 'seed 2' })).toEqual({ state: 'new', seed: 'seed 1' })
})

test('a stored answer is not released', async () => {
  const request = newRequest()
  await keys.claim(request)
  await keys.complete({ ...request, status: 200, body: 'done' })
  await keys.release({ ...request, effects: 'none' })
  expect(await keys.claim(request)).toMatchObject({ state: 'replay', body: 'done' })
})

test('keys are forgotten by age', async () => {
  const request = newRequest()
  await keys.claim(request)
  expect(await keys.prune(new Date(Date.now() - 60_000))).toBe(0)
  expect(await keys.prune(new Date(Date.now() + 60_000))).toBeGreaterThan(0)
  expect(await keys.claim({ ...request, seed: 'seed 2' })).toEqual({ state: 'new', seed: 'seed 2' })
})
