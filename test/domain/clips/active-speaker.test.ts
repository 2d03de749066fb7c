import { describe, expect, it } from 'vitest'
import { activeSpeakers } from '../../../src/domain/clips/active-speaker.ts'
import { trackFaces, type FaceBox } from '../../../src/domain/clips/face-tracks.ts'

const SAMPLES_PER_SECOND = 5

const face = (x: number, mouthLevel = 0, height = 0.3): FaceBox => ({
  x,
  y: 0.2,
  width: 0.15,
  height,
  score: 0.9,
  mouth: [mouthLevel, 0.5],
})

const timing = (sampleCount: number, cutsSeconds: readonly number[] = []) => ({
  sampleCount,
  samplesPerSecond: SAMPLES_PER_SECOND,
  cutsSeconds,
})

describe('face tracks', () => {
  it('join a face that moves, and keep two apart that stand beside each other', () => {
    const samples = Array.from({ length: 20 }, (_, index) => [face(0.1 + index * 0.01), face(0.7)])
    const tracks = trackFaces(samples, timing(20))
    expect(tracks.map(({ boxes }) => boxes.length)).toEqual([20, 20])
  })

  it('go on over a second in which the detector is blind', () => {
    const samples = Array.from({ length: 20 }, (_, index) =>
      index >= 8 && index < 12 ? [] : [face(0.4)],
    )
    const [track, ...others] = trackFaces(samples, timing(20))
    expect(track!.boxes.slice(8, 12)).toEqual([null, null, null, null])
    expect(others).toEqual([])
  })

  it('never go over a cut', () => {
    const samples = Array.from({ length: 20 }, () => [face(0.4)])
    expect(trackFaces(samples, timing(20, [2])).map(({ firstSample }) => firstSample)).toEqual([
      0, 10,
    ])
  })

  it('leave out what is seen for a moment only', () => {
    const samples = Array.from({ length: 20 }, (_, index) =>
      index === 7 ? [face(0.4), face(0.8)] : [face(0.4)],
    )
    expect(trackFaces(samples, timing(20))).toHaveLength(1)
  })
})

describe('the active speaker', () => {
  /** Two people; `who` speaks in each sample, the other one rests. */
  const conversation = (who: readonly (0 | 1)[]) => {
    const open = (speaks: boolean, index: number) => (speaks && index % 2 === 0 ? 0.2 : 0)
    const samples = who.map((speaker, index) => [
      face(0.1, open(speaker === 0, index)),
      face(0.7, open(speaker === 1, index)),
    ])
    const tracks = trackFaces(samples, timing(who.length))
    return activeSpeakers(tracks, { levels: who.map(() => 1) }, timing(who.length))
  }
  const turns = (...lengths: readonly [0 | 1, number][]) =>
    lengths.flatMap(([who, count]) => Array.from({ length: count }, () => who))

  it('is the one whose mouth moves with the sound', () => {
    const chosen = conversation(turns([0, 30], [1, 30]))
    expect(chosen.slice(5, 22).every((one) => one === 0)).toBe(true)
    expect(chosen.slice(40).every((one) => one === 1)).toBe(true)
  })

  it('keeps the picture for a second at least', () => {
    const chosen = conversation(turns([0, 10], [1, 2], [0, 2], [1, 2], [0, 10], [1, 20]))
    const changes = chosen.flatMap((one, index) =>
      index > 0 && one !== chosen[index - 1] ? [index] : [],
    )
    for (const [index, sample] of changes.slice(1).entries()) {
      expect(sample - changes[index]!).toBeGreaterThanOrEqual(SAMPLES_PER_SECOND)
    }
  })

  it('is the largest face where nobody speaks', () => {
    const samples = Array.from({ length: 10 }, () => [face(0.1, 0, 0.2), face(0.7, 0, 0.28)])
    const tracks = trackFaces(samples, timing(10))
    const chosen = activeSpeakers(
      tracks,
      { levels: Array.from({ length: 10 }, () => 0) },
      timing(10),
    )
    expect(new Set(chosen.map((one) => tracks[one!]!.boxes[0]!.x))).toEqual(new Set([0.7]))
  })

  it('is nobody where no face is seen', () => {
    expect(activeSpeakers([], { levels: [1, 1] }, timing(2))).toEqual([null, null])
  })
})
