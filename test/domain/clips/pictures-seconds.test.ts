import { expect, test } from 'vitest'
import { picturesSeconds } from '../../../src/domain/clips/pictures-seconds.ts'

const sound = { kind: 'audio', durationSeconds: 120 }

test.each([
  ['when their stream ends', 120, [sound, { kind: 'video', durationSeconds: 60 }], 60],
  [
    'with the file, where the sound ends first',
    120,
    [{ kind: 'video', durationSeconds: 120 }],
    120,
  ],
  [
    'with the file, also where their stream claims more',
    119.9,
    [{ ...sound, kind: 'video' }],
    119.9,
  ],
  ['with the file, where their stream says nothing', 120, [sound, { kind: 'video' }], 120],
  [
    'with the file, where it says that there are none',
    8,
    [{ kind: 'video', durationSeconds: 0 }],
    8,
  ],
  ['at once, where nothing is known', null, [{ kind: 'video' }], 0],
])('pictures end %s', (_, durationSeconds, streams, expected) => {
  expect(picturesSeconds({ durationSeconds, streams })).toBe(expected)
})
