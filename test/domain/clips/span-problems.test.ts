import { fc, test } from '@fast-check/vitest'
import { expect } from 'vitest'
import { problemsOfSpan } from '../../../src/domain/clips/span-problems.ts'

const seconds = fc.double({ min: 0, max: 400, noNaN: true })

test.prop([seconds, seconds, fc.double({ min: 1, max: 400, noNaN: true })])(
  'a span is refused exactly when it is none of 5 to 180 seconds within the source, of one that has them',
  (startSeconds, endSeconds, sourceSeconds) => {
    const lengthSeconds = endSeconds - startSeconds
    const least = Math.min(5, sourceSeconds)
    // Sums of floats are given a millionth of a second.
    fc.pre(
      [lengthSeconds - least, lengthSeconds - 180, endSeconds - sourceSeconds].every(
        (distance) => Math.abs(distance) > 1e-5,
      ),
    )
    const isGood =
      startSeconds < sourceSeconds &&
      endSeconds <= sourceSeconds &&
      lengthSeconds >= least &&
      lengthSeconds <= 180
    const span = { startSeconds, endSeconds }
    expect(problemsOfSpan(span, sourceSeconds, 'end').length === 0).toBe(isGood)
  },
)

test.each([
  ['the whole of a short source', [0, 3.2], 3.2, []],
  ['less of it', [1, 3.2], 3.2, ['start']],
  ['exactly five seconds of decimals', [0.1, 5.1], 60, []],
  ['exactly three minutes of decimals', [0.1, 180.1], 200, []],
  ['the other way round', [20, 10], 60, ['start']],
  ['behind the source', [70, 80], 60, ['start']],
  ['beyond the source', [50, 61], 60, ['end']],
] as const)(
  '%s names the edge that can mend it',
  (_, [startSeconds, endSeconds], source, paths) => {
    const found = problemsOfSpan({ startSeconds, endSeconds }, source, 'start')
    expect(found.map(({ path }) => path)).toEqual(paths)
  },
)
