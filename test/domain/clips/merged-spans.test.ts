import { fc, test } from '@fast-check/vitest'
import { expect } from 'vitest'
import { mergedSpans } from '../../../src/domain/clips/merged-spans.ts'

const spans = fc.array(
  fc
    .tuple(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 1, max: 20 }))
    .map(([startSeconds, length]) => ({ startSeconds, endSeconds: startSeconds + length })),
  { maxLength: 12 },
)

test.prop([spans])(
  'merged spans cover the same seconds, in order, with room between them',
  (all) => {
    const merged = mergedSpans(all)
    const covers = (list: typeof all | typeof merged, second: number) =>
      list.some(({ startSeconds, endSeconds }) => second >= startSeconds && second < endSeconds)
    for (let second = 0; second < 80; second++) {
      expect(covers(merged, second)).toBe(covers(all, second))
    }
    merged.slice(1).forEach(({ startSeconds }, index) => {
      expect(startSeconds).toBeGreaterThan(merged[index]!.endSeconds)
    })
  },
)
