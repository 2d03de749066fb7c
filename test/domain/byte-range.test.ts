import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'

import { parseRange } from '../../src/domain/byte-range.ts'

const part = (startByte: number, endByte: number) => ({
  kind: 'part',
  range: { startByte, endByte },
})

describe('parseRange', () => {
  it.each([
    ['bytes=0-0', part(0, 0)],
    ['bytes=0-99', part(0, 99)],
    ['bytes=10-19', part(10, 19)],
    ['bytes=90-', part(90, 99)],
    ['bytes=90-5000', part(90, 99)],
    ['bytes=-10', part(90, 99)],
    ['bytes=-5000', part(0, 99)],
    ['bytes=100-', { kind: 'unsatisfiable' }],
    ['bytes=100-200', { kind: 'unsatisfiable' }],
    ['bytes=-0', { kind: 'unsatisfiable' }],
    ['bytes=5-4', { kind: 'whole' }],
    ['bytes=0-1,5-6', { kind: 'whole' }],
    ['bytes=', { kind: 'whole' }],
    ['bytes=-', { kind: 'whole' }],
    ['bytes=a-b', { kind: 'whole' }],
    ['items=0-1', { kind: 'whole' }],
    [undefined, { kind: 'whole' }],
  ])('answers %s of 100 bytes with %j', (header, answer) => {
    expect(parseRange(header, 100)).toEqual(answer)
  })

  it('has nothing to hand out of an empty object', () => {
    expect(parseRange('bytes=0-', 0)).toEqual({ kind: 'unsatisfiable' })
    expect(parseRange('bytes=-5', 0)).toEqual({ kind: 'unsatisfiable' })
  })

  const anyRange = fc.stringMatching(/^\d{0,3}-\d{0,3}$/)
  test.prop([anyRange, fc.nat({ max: 500 })])('never leaves the object', (header, sizeBytes) => {
    const answer = parseRange(`bytes=${header}`, sizeBytes)
    if (answer.kind !== 'part') return
    expect(answer.range.startByte).toBeGreaterThanOrEqual(0)
    expect(answer.range.endByte).toBeLessThan(sizeBytes)
    expect(answer.range.startByte).toBeLessThanOrEqual(answer.range.endByte)
  })
})
