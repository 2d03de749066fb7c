import { cutSamples, isThere, type SampleTiming } from './active-speaker.ts'
import type { FaceTrack } from './face-tracks.ts'

/** Two people that talk with each other, as indices into the tracks. */
export type Pair = readonly [number, number]

/** Whoever answers within this time is in the same conversation. */
const ANSWER_SECONDS = 3

/**
 * Which two talk with each other in each sample: both are there, and both speak in the same scene within
 * three seconds of it, in turns or at once. Of more than two those that speak most. Null: nobody, or one
 * alone.
 */
export const conversations = (
  tracks: readonly FaceTrack[],
  voices: readonly (readonly number[])[],
  timing: SampleTiming,
): readonly (Pair | null)[] => {
  const reach = Math.round(ANSWER_SECONDS * timing.samplesPerSecond)
  const scenes = sceneBounds(timing)
  return voices.map((_, sample) => {
    const [sceneFrom, sceneTo] = sceneOf(scenes, sample)
    const around = voices.slice(
      Math.max(sceneFrom, sample - reach),
      Math.min(sceneTo, sample + reach + 1),
    )
    const counts = tracks.map((track, index) =>
      isThere(track, sample) ? around.filter((speaking) => speaking.includes(index)).length : 0,
    )
    const [first, second] = counts
      .flatMap((count, index) => (count > 0 ? [{ count, index }] : []))
      .toSorted((a, b) => b.count - a.count)
    if (first === undefined || second === undefined) return null
    return [Math.min(first.index, second.index), Math.max(first.index, second.index)]
  })
}

type Bounds = readonly [number, number]

const sceneOf = (scenes: readonly Bounds[], sample: number): Bounds =>
  scenes.find(([from, to]) => sample >= from && sample < to) ?? [0, Infinity]

/** From the first sample of each scene to that of the next. */
const sceneBounds = (timing: SampleTiming): readonly Bounds[] => {
  const { sampleCount } = timing
  const inside = [...cutSamples(timing)].filter((cut) => cut > 0 && cut < sampleCount)
  const edges = [0, ...inside, sampleCount].toSorted((a, b) => a - b)
  return edges.slice(1).map((to, index) => [edges[index]!, to])
}

/** Nobody is shown for less before the picture is laid out in another way. */
const LAYOUT_SECONDS_MIN = 1

/** The same layout from one sample to another. */
export interface LayoutSpan {
  readonly fromSample: number
  readonly toSample: number
  /** Whose halves are shown; null: one picture. */
  readonly pair: Pair | null
}

/**
 * When the halves of two people are shown, of what would be wished for in each sample. A layout stays for a
 * second at least and changes in no last second of a scene, but at cuts it may change at once.
 */
export const layoutSpans = (
  wished: readonly (Pair | null)[],
  timing: SampleTiming,
): readonly LayoutSpan[] => {
  const dwell = Math.ceil(LAYOUT_SECONDS_MIN * timing.samplesPerSecond)
  const spans: LayoutSpan[] = []
  for (const [from, to] of sceneBounds(timing)) {
    let at = from
    // A pair that is there within the first second is shown from the cut on.
    const early = wished.slice(from, Math.min(to, from + dwell)).find((pair) => pair !== null)
    let pair = early ?? null
    for (let sample = from + dwell; sample < to; sample++) {
      const next = wished[sample] ?? null
      // A cut may lie almost a sample before the first picture of its scene.
      const isSteady = sample - at >= dwell && to - sample > dwell
      if (!isSteady || isSame(next, pair)) continue
      spans.push({ fromSample: at, toSample: sample, pair })
      at = sample
      pair = next
    }
    spans.push({ fromSample: at, toSample: to, pair })
  }
  return spans.filter(({ fromSample, toSample }) => toSample > fromSample)
}

const isSame = (a: Pair | null, b: Pair | null): boolean =>
  a === b || (a !== null && b !== null && a[0] === b[0] && a[1] === b[1])
