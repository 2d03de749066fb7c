import type { FaceTrack } from './face-tracks.ts'

/** What is heard, sample by sample, beside the pictures: how loud it is, 0 to 1. */
export interface SpeechEnvelope {
  readonly levels: readonly number[]
}

export interface SampleTiming {
  readonly sampleCount: number
  readonly samplesPerSecond: number
  readonly cutsSeconds: readonly number[]
}

/** A mouth and its sound are compared over so long. */
const WINDOW_SECONDS = 1.5
/** Whoever begins to speak has the picture for at least so long. */
const DWELL_SECONDS = 1
/** Another has to speak so much more clearly before the picture goes over: two that laugh at once do
 * not make it go to and fro. */
const CLEARLY_BETTER = 1.3
/** A mouth that speaks moves by this mean of its levels; what trembles in one that rests is less. */
const SPEAKS_MIN = 0.03
/** Two speak at once when one is heard and seen to speak so much as the other. */
const AT_ONCE = 0.7
/** Whoever speaks for less has coughed. */
const VOICE_SECONDS_MIN = 0.6

/** The first sample of each scene but the first. */
export const cutSamples = ({ cutsSeconds, samplesPerSecond }: SampleTiming): ReadonlySet<number> =>
  new Set(cutsSeconds.map((cut) => Math.ceil(cut * samplesPerSecond)))

/**
 * Whom to look at in each sample, as an index into the tracks; null where no face is seen. With one face
 * it is that one. With several it is the one whose mouth moves most with the sound, and among mouths
 * that rest the largest face. Nobody is left before the dwell time, but at cuts.
 */
export const activeSpeakers = (
  tracks: readonly FaceTrack[],
  speech: SpeechEnvelope,
  timing: SampleTiming,
): readonly (number | null)[] => {
  const { sampleCount, samplesPerSecond } = timing
  const heard = tracks.map((track) => heardMovement(track, speech, timing))
  const cuts = cutSamples(timing)
  const dwell = Math.ceil(DWELL_SECONDS * samplesPerSecond)
  const chosen: (number | null)[] = []
  let current: number | null = null
  let since = 0
  for (let sample = 0; sample < sampleCount; sample++) {
    const there = tracks.flatMap((track, index) => (isThere(track, sample) ? [index] : []))
    const claims = new Map(
      there.map((index) => [index, heard[index]![sample]! + sizeClaim(tracks[index]!, sample)]),
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

/**
 * Who speaks in each sample, as indices into the tracks: nobody, the one whose mouth moves with the sound,
 * or several that talk at once. Each for six tenths of a second at least.
 */
export const voices = (
  tracks: readonly FaceTrack[],
  speech: SpeechEnvelope,
  timing: SampleTiming,
): readonly (readonly number[])[] => {
  const { sampleCount, samplesPerSecond } = timing
  const heard = tracks.map((track) => heardMovement(track, speech, timing))
  const speaks = tracks.map((_, index) =>
    Array.from({ length: sampleCount }, (__, sample) => {
      const own = heard[index]![sample]!
      const loudest = Math.max(...heard.map((one) => one[sample]!))
      return own >= SPEAKS_MIN && own >= AT_ONCE * loudest
    }),
  )
  const least = Math.ceil(VOICE_SECONDS_MIN * samplesPerSecond)
  const lasting = speaks.map((one) => withoutShort(one, least))
  return Array.from({ length: sampleCount }, (_, sample) =>
    lasting.flatMap((one, index) => (one[sample] === true ? [index] : [])),
  )
}

const withoutShort = (values: readonly boolean[], least: number): readonly boolean[] => {
  const kept = [...values]
  for (let from = 0; from < kept.length;) {
    let to = from + 1
    while (to < kept.length && kept[to] === kept[from]) to++
    if (to - from < least) kept.fill(false, from, to)
    from = to
  }
  return kept
}

export const isThere = ({ firstSample, boxes }: FaceTrack, sample: number): boolean =>
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

/** How much the mouth moves around each sample while something is heard. */
const heardMovement = (
  track: FaceTrack,
  { levels }: SpeechEnvelope,
  { sampleCount, samplesPerSecond }: SampleTiming,
): readonly number[] => {
  const reach = Math.max(1, Math.round((WINDOW_SECONDS * samplesPerSecond) / 2))
  const movement = mouthMovement(track, sampleCount)
  return movement.map((_, sample) => {
    const from = Math.max(0, sample - reach)
    const to = Math.min(sampleCount - 1, sample + reach)
    let heard = 0
    for (let index = from; index <= to; index++) heard += movement[index]! * (levels[index] ?? 0)
    return heard / (to - from + 1)
  })
}

/** A face of a tenth of the picture's height counts as much as this movement of its mouth: it decides
 * where nobody speaks, and never against somebody who does. */
const SIZE_WEIGHT = 0.01

const sizeClaim = (track: FaceTrack, sample: number): number => {
  const box = track.boxes[sample - track.firstSample] ?? track.boxes.find((one) => one !== null)
  return SIZE_WEIGHT * (box?.height ?? 0)
}
