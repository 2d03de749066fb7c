import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ID_PREFIXES, isId, makeId, remoteJobKey, type IdKind } from '../../src/domain/ids.ts'

const KINDS = Object.keys(ID_PREFIXES) as IdKind[]
const suffixes = fc.string({
  unit: fc.constantFrom('0', '9', 'A', 'Z', 'a', 'z'),
  minLength: 8,
  maxLength: 64,
})

test('an id is of the kind it was made as and of no other', () => {
  fc.assert(
    fc.property(fc.constantFrom(...KINDS), suffixes, (kind, suffix) => {
      const id = makeId(kind, suffix)
      expect(KINDS.filter((other) => isId(other, id))).toEqual([kind])
    }),
  )
})

test.each([
  '',
  'exec_',
  'exec_1234567',
  'exec_12345678; DROP TABLE',
  'exec_12345678\n',
  'exec_../../etc',
  `exec_${'a'.repeat(65)}`,
  'EXEC_12345678',
  ' exec_12345678',
])('%j is no execution id', (value) => {
  expect(isId('execution', value)).toBe(false)
})

test('remote jobs of other orders, steps and rounds have other keys', () => {
  const keys = ['exec_a', 'exec_b'].flatMap((order) =>
    ['remote render', 'thumbnails'].flatMap((step) =>
      [1, 2].map((round) => remoteJobKey(order, step, round)),
    ),
  )
  expect(new Set(keys).size).toBe(8)
})
