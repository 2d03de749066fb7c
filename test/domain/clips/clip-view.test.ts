import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { clipView, splitSeconds, type ViewShape } from '../../../src/domain/clips/clip-view.ts'
import { ACCELERATION_MAX, SPEED_MAX } from '../../../src/domain/clips/crop-path.ts'
import type { FaceBox } from '../../../src/domain/clips/face-tracks.ts'
import type { TimedText } from '../../../src/domain/transcript.ts'

const SAMPLES_PER_SECOND = 5
const FRAME_RATE = 25
const LANDSCAPE = { widthPx: 1280, heightPx: 720 }
const VERTICAL = { widthPx: 1080, heightPx: 1920 }
const SQUARE = { widthPx: 1080, heightPx: 1080 }
const WIDE = { widthPx: 1920, heightPx: 1080 }

const face = (x: number, mouthLevel = 0, { y = 0.3, height = 0.2 } = {}): FaceBox => ({
  ...{ x, y, width: height * 0.5, height, score: 0.9 },
  mouth: [mouthLevel, 0.5],
})

const seconds = (count: number): readonly TimedText[] => [
  { startSeconds: 0, endSeconds: count, text: 'word' },
]

interface Person {
  readonly x: number
  readonly y?: number
  readonly height?: number
  readonly speaks: readonly (readonly [number, number])[]
}

/** Samples of people who stay where they are, each with times at which the mouth moves. */
const scene = (durationSeconds: number, people: readonly Person[], cutsSeconds: number[] = []) => ({
  samplesPerSecond: SAMPLES_PER_SECOND,
  cutsSeconds,
  samples: Array.from({ length: durationSeconds * SAMPLES_PER_SECOND }, (_, sample) =>
    people.map(({ x, y = 0.3, height = 0.2, speaks }) => {
      const at = sample / SAMPLES_PER_SECOND
      const isOpen = sample % 2 === 0 && speaks.some(([from, to]) => from <= at && at < to)
      return face(x, isOpen ? 0.3 : 0, { y, height })
    }),
  ),
})

const shapeOf = (durationSeconds: number, size = VERTICAL, source = LANDSCAPE): ViewShape => ({
  ...{ source, size, frameRate: FRAME_RATE, frames: Math.round(durationSeconds * FRAME_RATE) },
})

const view = (seen: ReturnType<typeof scene>, size = VERTICAL, source = LANDSCAPE) => {
  const durationSeconds = seen.samples.length / SAMPLES_PER_SECOND
  return clipView(seen, seconds(durationSeconds), shapeOf(durationSeconds, size, source))
}

const layouts = (spans: ReturnType<typeof clipView>) =>
  spans.map(({ layout, fromFrame, toFrame }) => [
    layout,
    fromFrame / FRAME_RATE,
    toFrame / FRAME_RATE,
  ])

const differences = (values: readonly number[]) =>
  values.slice(1).map((value, index) => value - values[index]!)

const greatest = (values: readonly number[]) => Math.max(0, ...values.map(Math.abs))

const arbitrarySeen = fc
  .record({
    cuts: fc.array(fc.double({ min: 0.1, max: 11.9, noNaN: true }), { maxLength: 4 }),
    samples: fc.array(
      fc.array(
        fc.record({
          x: fc.double({ min: -0.05, max: 0.95, noNaN: true }),
          y: fc.double({ min: -0.05, max: 0.9, noNaN: true }),
          height: fc.double({ min: 0.02, max: 0.8, noNaN: true }),
          mouth: fc.double({ min: 0, max: 1, noNaN: true }),
        }),
        { maxLength: 3 },
      ),
      { maxLength: 60 },
    ),
  })
  .map(({ cuts, samples }) => ({
    samplesPerSecond: SAMPLES_PER_SECOND,
    cutsSeconds: cuts.toSorted((a, b) => a - b),
    samples: samples.map((faces) =>
      faces.map(({ x, y, height, mouth }) => face(x, mouth, { y, height })),
    ),
  }))

/** People who stay, and speak when they like: of these there are conversations. */
const talkOf = (count: { readonly minLength: number; readonly maxLength: number }) =>
  fc
    .record({
      cuts: fc.array(fc.double({ min: 0.1, max: 11.9, noNaN: true }), { maxLength: 2 }),
      people: fc.array(
        fc.record({
          x: fc.constantFrom(0.05, 0.4, 0.8),
          from: fc.double({ min: 0, max: 10, noNaN: true }),
          length: fc.double({ min: 0.5, max: 8, noNaN: true }),
        }),
        count,
      ),
    })
    .map(({ cuts, people }) =>
      scene(
        12,
        people.map(({ x, from, length }) => ({ x, speaks: [[from, from + length]] as const })),
        cuts.toSorted((a, b) => a - b),
      ),
    )

const arbitraryTalk = talkOf({ minLength: 2, maxLength: 3 })
/** Nobody takes the half of another. */
const arbitraryDialogue = talkOf({ minLength: 2, maxLength: 2 })

const arbitraryShape = fc
  .record({
    source: fc.constantFrom(LANDSCAPE, VERTICAL, SQUARE, { widthPx: 427, heightPx: 240 }),
    size: fc.constantFrom(VERTICAL, SQUARE, WIDE),
    frames: fc.integer({ min: 1, max: 300 }),
  })
  .map((shape) => ({ ...shape, frameRate: FRAME_RATE }))

describe('what a clip shows', () => {
  test.prop([fc.oneof(arbitrarySeen, arbitraryTalk), arbitraryShape])(
    'is known for each frame, and never lies beside the picture',
    (seen, shape) => {
      const spans = clipView(seen, seconds(12), shape)
      expect(spans[0]?.fromFrame).toBe(0)
      expect(spans.at(-1)?.toFrame).toBe(shape.frames)
      for (const [index, span] of spans.entries()) {
        expect(span.toFrame).toBeGreaterThan(span.fromFrame)
        expect(span.fromFrame).toBe(spans[index - 1]?.toFrame ?? 0)
        expect(span.windows).toHaveLength(span.layout === 'split' ? 2 : 1)
        for (const { corners, widthRatio, heightRatio } of span.windows) {
          expect(corners).toHaveLength(span.toFrame - span.fromFrame)
          const ends = corners.flatMap(({ xRatio, yRatio }) => [
            ...[xRatio, yRatio, 1 - xRatio - widthRatio, 1 - yRatio - heightRatio],
          ])
          expect(Math.min(...ends)).toBeGreaterThanOrEqual(-1e-9)
        }
      }
    },
  )

  test.prop([arbitraryTalk, arbitraryShape])(
    'is laid out in another way after a second at the earliest, but at cuts',
    (seen, shape) => {
      const spans = clipView(seen, seconds(12), { ...shape, frames: 12 * FRAME_RATE })
      const cuts = new Set(seen.cutsSeconds.map((cut) => Math.round(cut * FRAME_RATE)))
      for (const { fromFrame, toFrame } of spans) {
        const isFree = cuts.has(fromFrame) || fromFrame === 0
        const isCutOff = cuts.has(toFrame) || toFrame === 12 * FRAME_RATE
        if (isFree && isCutOff) continue
        expect(toFrame - fromFrame).toBeGreaterThanOrEqual(FRAME_RATE)
      }
    },
  )

  test.prop([arbitraryDialogue])(
    'moves at a bounded speed and acceleration, but where it jumps with the scene or the layout',
    (seen) => {
      const still = { ...seen, cutsSeconds: [] }
      for (const { windows } of clipView(still, seconds(12), shapeOf(12))) {
        for (const { corners } of windows) {
          for (const axis of ['xRatio', 'yRatio'] as const) {
            const speeds = differences(corners.map((corner) => corner[axis] * FRAME_RATE))
            const accelerations = differences(speeds).map((step) => step * FRAME_RATE)
            expect(greatest(speeds)).toBeLessThanOrEqual(SPEED_MAX + 1e-6)
            expect(greatest(accelerations)).toBeLessThanOrEqual(ACCELERATION_MAX + 1e-6)
          }
        }
      }
    },
  )

  it('is one picture of whoever speaks while the other listens', () => {
    const spans = view(
      scene(8, [
        { x: 0.1, speaks: [[0, 8]] },
        { x: 0.8, speaks: [] },
      ]),
    )
    expect(layouts(spans)).toEqual([['single', 0, 8]])
    const { corners, widthRatio } = spans[0]!.windows[0]!
    for (const { xRatio } of corners) {
      expect(xRatio).toBeLessThan(0.15)
      expect(xRatio + widthRatio).toBeGreaterThan(0.2)
    }
  })

  it('is the halves of two who answer each other, the left one above, and one picture of a monologue', () => {
    const spans = view(
      scene(20, [
        { x: 0.8, speaks: [[0, 10]] },
        { x: 0.1, speaks: [[10, 20]] },
      ]),
    )
    expect(spans.map(({ layout }) => layout)).toEqual(['single', 'split', 'single'])
    const [, split] = spans
    // Three seconds before the answer and three after it, as exactly as a mouth and its sound tell.
    expect(Math.abs(split!.fromFrame / FRAME_RATE - 7)).toBeLessThan(1)
    expect(Math.abs(split!.toFrame / FRAME_RATE - 13)).toBeLessThan(1)
    const [upper, lower] = split!.windows
    for (const [index, { xRatio }] of upper!.corners.entries()) {
      expect(xRatio).toBeLessThan(0.15)
      expect(lower!.corners[index]!.xRatio).toBeGreaterThan(0.6)
    }
    expect(splitSeconds(spans, { frameRate: FRAME_RATE })).toHaveLength(1)
  })

  it('is the halves of two who talk at once', () => {
    const both = [[0, 8]] as const
    expect(
      layouts(
        view(
          scene(8, [
            { x: 0.1, speaks: both },
            { x: 0.8, speaks: both },
          ]),
        ),
      ),
    ).toEqual([['split', 0, 8]])
  })

  it('is one picture with both, when there is room for them', () => {
    const people = [
      { x: 0.4, speaks: [[0, 4]] as const },
      { x: 0.52, speaks: [[4, 8]] as const },
    ]
    const spans = view(scene(8, people))
    expect(layouts(spans)).toEqual([['single', 0, 8]])
    const { corners, widthRatio } = spans[0]!.windows[0]!
    const { xRatio } = corners[4 * FRAME_RATE]!
    expect(xRatio).toBeLessThanOrEqual(0.4)
    expect(xRatio + widthRatio).toBeGreaterThanOrEqual(0.62)
  })

  it('is never split where the whole picture is shown', () => {
    const both = [[0, 8]] as const
    const people = [
      { x: 0.1, speaks: both },
      { x: 0.8, speaks: both },
    ]
    expect(layouts(view(scene(8, people), WIDE))).toEqual([['single', 0, 8]])
  })

  it('goes over from one to two and back with the scene, in the frame of the cut', () => {
    const people = [
      { x: 0.1, speaks: [[3, 9]] as const },
      { x: 0.8, speaks: [[3, 9]] as const },
    ]
    const seen = scene(12, people, [3.14, 8.88])
    const alone = seen.samples.map((faces, sample) =>
      sample < 16 || sample >= 45 ? [faces[0]!] : faces,
    )
    expect(layouts(view({ ...seen, samples: alone }))).toEqual([
      ['single', 0, 3.16],
      ['split', 3.16, 8.88],
      ['single', 8.88, 12],
    ])
  })

  it('has both faces whole in their halves, however large they are', () => {
    const both = [[0, 6]] as const
    for (const height of [0.1, 0.25, 0.45]) {
      const people = [
        { x: 0.05, height, speaks: both },
        { x: 0.7, height, speaks: both },
      ]
      for (const size of [VERTICAL, SQUARE]) {
        const [{ windows, layout }] = view(scene(6, people), size) as [
          ReturnType<typeof view>[number],
        ]
        expect(layout).toBe('split')
        for (const [index, { corners, widthRatio, heightRatio }] of windows.entries()) {
          const { x } = people[index]!
          for (const { xRatio, yRatio } of corners) {
            expect(xRatio).toBeLessThanOrEqual(x)
            expect(xRatio + widthRatio).toBeGreaterThanOrEqual(x + height / 2)
            expect(yRatio).toBeLessThanOrEqual(0.3)
            expect(yRatio + heightRatio).toBeGreaterThanOrEqual(0.3 + height)
          }
        }
      }
    }
  })

  it('follows a face up and down in a picture that stands', () => {
    const people = [{ x: 0.4, y: 0.7, height: 0.1, speaks: [[0, 4]] as const }]
    const [{ windows }] = view(scene(4, people), WIDE, VERTICAL) as [
      ReturnType<typeof view>[number],
    ]
    const { corners, heightRatio, widthRatio } = windows[0]!
    expect(widthRatio).toBe(1)
    for (const { yRatio } of corners) {
      const middle = (0.75 - yRatio) / heightRatio
      expect(middle).toBeGreaterThan(0.35)
      expect(middle).toBeLessThan(0.5)
    }
  })

  it('is the middle of the picture where nobody is seen', () => {
    const [{ windows }] = view(scene(4, [])) as [ReturnType<typeof view>[number]]
    const { corners, widthRatio } = windows[0]!
    for (const { xRatio } of corners) expect(xRatio + widthRatio / 2).toBeCloseTo(0.5)
  })
})
