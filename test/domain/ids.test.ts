import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  clipId,
  ID_PREFIXES,
  isId,
  makeId,
  originOfClip,
  remoteJobKey,
  type IdKind,
} from '../../src/domain/ids.ts'

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

test('a clip is named by its order and number, which its id tells', () => {
  fc.assert(
    fc.property(
      suffixes.filter(({ length }) => length <= 62),
      fc.integer({ min: 1, max: 20 }),
      (suffix, number) => {
        const executionId = makeId('execution', suffix)
        const id = clipId(executionId, number)
        expect(isId('clip', id)).toBe(true)
        expect(originOfClip(id)).toEqual({ executionId, number })
      },
    ),
  )
})
