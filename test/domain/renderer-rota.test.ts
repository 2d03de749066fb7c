import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import {
  askAgainAfterMs,
  isStall,
  rendererRota,
  type RotaEntry,
} from '../../src/domain/renderer-rota.ts'

const primary = (name: string): RotaEntry => ({ name, pool: 'primary' })
const backup = (name: string): RotaEntry => ({ name, pool: 'backup' })
const renderers = fc
  .uniqueArray(
    fc.record({ name: fc.string({ minLength: 1 }), pool: fc.constantFrom('primary', 'backup') }),
    { selector: ({ name }) => name, minLength: 2, maxLength: 8 },
  )
  .map((entries) => entries as RotaEntry[])

describe('the rota of renderers', () => {
  it('tries backups after all primaries, in their configured order', () => {
    const entries = [backup('x'), primary('a'), backup('y'), primary('b')]
    expect(rendererRota(entries, 0)).toEqual(['a', 'b', 'x', 'y'])
    expect(rendererRota(entries, 1)).toEqual(['b', 'a', 'x', 'y'])
  })

  it('tries a lone renderer twice', () => {
    expect(rendererRota([primary('a')], 7)).toEqual(['a', 'a'])
    expect(rendererRota([backup('x')], 7)).toEqual(['x', 'x'])
  })

  it('is empty where nothing is configured', () => {
    expect(rendererRota([], 3)).toEqual([])
  })

  it('begins successive jobs with different primaries', () => {
    const entries = [primary('a'), primary('b'), primary('c')]
    const firsts = [0, 1, 2, 3].map((job) => rendererRota(entries, job)[0])
    expect(firsts).toEqual(['a', 'b', 'c', 'a'])
  })

  test.prop([renderers, fc.integer()])(
    'names each renderer once, whatever the job',
    (list, job) => {
      expect(rendererRota(list, job).toSorted()).toEqual(list.map(({ name }) => name).toSorted())
    },
  )

  test.prop([renderers, fc.integer()])('is the same for the same job', (list, job) => {
    expect(rendererRota(list, job)).toEqual(rendererRota(list, job))
  })
})

describe('a failed round', () => {
  it('is worth waiting out if anybody was silent or out of reach', () => {
    expect(isStall(['RENDERER_REJECTED', 'RENDERER_STALLED'])).toBe(true)
    expect(isStall(['RENDERER_UNAVAILABLE'])).toBe(true)
  })

  it('is final if everybody answered, or nobody was there to ask', () => {
    expect(isStall(['RENDERER_FAILED', 'RENDERER_OUTPUT_INVALID'])).toBe(false)
    expect(isStall([])).toBe(false)
  })
})

describe('asking again', () => {
  it('begins after seconds, doubles, and ends at ten minutes', () => {
    const waits = [0, 1, 2, 5, 6, 1000].map(askAgainAfterMs)
    expect(waits).toEqual([15_000, 30_000, 60_000, 480_000, 600_000, 600_000])
  })
})
