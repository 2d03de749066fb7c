import type { FaceTrack } from './face-tracks.ts'

/** What is heard, sample by sample, beside the pictures: how loud it is, 0 to 1. */
export interface SpeechEnvelope {
  readonly levels: readonly number[]
}

/** A mouth and its sound are compared over so long. */
const WINDOW_SECONDS = 1.5
/** Whoever begins to speak has the picture for at least so long. */
const DWELL_SECONDS = 1
/** Another has to speak so much more clearly before the picture goes over: two that laugh at once do
 * not make it go to and fro. */
const CLEARLY_BETTER = 1.3

/**
 * Whom to look at in each sample, as an index into the tracks; null where no face is seen. With one face
 * it is that one. With several it is the one whose mouth moves most with the sound, and among mouths
 * that rest the largest face. Nobody is left before the dwell time, but at cuts.
 */
export const activeSpeakers = (
  tracks: readonly FaceTrack[],
  { levels }: SpeechEnvelope,
  {
    sampleCount,
    samplesPerSecond,
    cutsSeconds,
  }: {
    readonly sampleCount: number
    readonly samplesPerSecond: number
    readonly cutsSeconds: readonly number[]
  },
): readonly (number | null)[] => {
  const reach = Math.max(1, Math.round((WINDOW_SECONDS * samplesPerSecond) / 2))
  const movements = tracks.map((track) => mouthMovement(track, sampleCount))
  const cuts = new Set(cutsSeconds.map((cut) => Math.ceil(cut * samplesPerSecond)))
  const dwell = Math.ceil(DWELL_SECONDS * samplesPerSecond)
  const chosen: (number | null)[] = []
  let current: number | null = null
  let since = 0
  for (let sample = 0; sample < sampleCount; sample++) {
    const there = tracks.flatMap((track, index) => (isThere(track, sample) ? [index] : []))
    const claims = new Map(
      there.map((index) => [
        index,
        claimOf(tracks[index]!, movements[index]!, levels, { sample, reach }),
      ]),
    )
    const best = there.toSorted((a, b) => claims.get(b)! - claims.get(a)!)[0] ?? null
    const isFree = current === null || !there.includes(current) || cuts.has(sample)
    const isOutspoken =
      best !== null &&
      current !== null &&
      sample - since >= dwell &&
      claims.get(best)! > CLEARLY_BETTER * (claims.get(current) ?? 0)
    if ((isFree || isOutspoken) && best !== current) {
      current = best
      since = sample
    }
    chosen.push(current)
  }
  return chosen
}

const isThere = ({ firstSample, boxes }: FaceTrack, sample: number): boolean =>
  sample >= firstSample && sample < firstSample + boxes.length

/** How much the mouth has moved since the sample before. */
const mouthMovement = ({ firstSample, boxes }: FaceTrack, sampleCount: number): readonly number[] =>
  Array.from({ length: sampleCount }, (_, sample) => {
    const now = boxes[sample - firstSample]
    const before = boxes[sample - firstSample - 1]
    return now == null || before == null ? 0 : difference(now.mouth, before.mouth)
  })

/** The mean over all levels. */
const difference = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, level, index) => sum + Math.abs(level - (b[index] ?? level)), 0) /
  Math.max(1, a.length)

/** A face of a tenth of the picture's height counts as much as this movement of its mouth: it decides
 * where nobody speaks, and never against somebody who does. */
const SIZE_WEIGHT = 0.01

const claimOf = (
  track: FaceTrack,
  movement: readonly number[],
  levels: readonly number[],
  { sample, reach }: { readonly sample: number; readonly reach: number },
): number => {
  const from = Math.max(0, sample - reach)
  const to = Math.min(movement.length - 1, sample + reach)
  let heard = 0
  for (let index = from; index <= to; index++) heard += movement[index]! * (levels[index] ?? 0)
  const box = track.boxes[sample - track.firstSample] ?? track.boxes.find((one) => one !== null)
  return heard / (to - from + 1) + SIZE_WEIGHT * (box?.height ?? 0)
}
