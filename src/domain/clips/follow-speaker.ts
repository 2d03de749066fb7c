import type { TimedText } from '../transcript.ts'
import { activeSpeakers, voices } from './active-speaker.ts'
import { conversations, type Pair } from './conversation.ts'
import { trackFaces, type FaceBox, type FaceTrack } from './face-tracks.ts'

/** What was seen in a part of a video; times count from its beginning. */
export interface SeenFaces {
  readonly samplesPerSecond: number
  readonly samples: readonly (readonly FaceBox[])[]
  readonly cutsSeconds: readonly number[]
}

/** Which way a window moves. */
export type CropAxis = 'x' | 'y'

/** Whom a part of a video is about. */
export interface Cast {
  readonly tracks: readonly FaceTrack[]
  /** In each sample: whom to look at, as an index into the tracks; null: nobody is seen. */
  readonly speakers: readonly (number | null)[]
  /** In each sample: the two that talk with each other, if two do. */
  readonly pairs: readonly (Pair | null)[]
}

/** Finds who is there and who speaks. Words say when somebody speaks, counted from the beginning of the
 * part. */
export const castOf = (seen: SeenFaces, words: readonly TimedText[]): Cast => {
  const { samples, samplesPerSecond, cutsSeconds } = seen
  const timing = { sampleCount: samples.length, samplesPerSecond, cutsSeconds }
  const tracks = trackFaces(samples, timing)
  const levels = samples.map((_, sample) => {
    const seconds = sample / samplesPerSecond
    return words.some((word) => word.startSeconds <= seconds && seconds <= word.endSeconds) ? 1 : 0
  })
  const speech = { levels }
  return {
    tracks,
    speakers: activeSpeakers(tracks, speech, timing),
    pairs: conversations(tracks, voices(tracks, speech, timing), timing),
  }
}

/** The face of a track in a sample; null: missed there, or not in the picture. */
export const boxAt = ({ boxes, firstSample }: FaceTrack, sample: number): FaceBox | null =>
  boxes[sample - firstSample] ?? null

/** Where the middle of a face is along an axis, 0 to 1. */
export const middleOf = (box: FaceBox, axis: CropAxis): number =>
  axis === 'x' ? box.x + box.width / 2 : box.y + box.height / 2
