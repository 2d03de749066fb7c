import type { TimedText } from '../transcript.ts'
import { activeSpeakers } from './active-speaker.ts'
import type { FacePositions } from './crop-path.ts'
import { trackFaces, type FaceBox } from './face-tracks.ts'

/** What was seen in a part of a video; times count from its beginning. */
export interface SeenFaces {
  readonly samplesPerSecond: number
  readonly samples: readonly (readonly FaceBox[])[]
  readonly cutsSeconds: readonly number[]
}

/** Which way a window moves. */
export type CropAxis = 'x' | 'y'

/**
 * Where to look: at the face of whoever speaks, sample by sample; null where nobody is seen. Words say
 * when somebody speaks, counted from the beginning of the part.
 */
export const followSpeaker = (
  { samplesPerSecond, samples, cutsSeconds }: SeenFaces,
  words: readonly TimedText[],
  axis: CropAxis,
): FacePositions => {
  const timing = { sampleCount: samples.length, samplesPerSecond, cutsSeconds }
  const tracks = trackFaces(samples, timing)
  const levels = samples.map((_, sample) => {
    const seconds = sample / samplesPerSecond
    return words.some((word) => word.startSeconds <= seconds && seconds <= word.endSeconds) ? 1 : 0
  })
  const centerRatios = activeSpeakers(tracks, { levels }, timing).map((speaker, sample) => {
    const track = speaker === null ? undefined : tracks[speaker]
    const box = track?.boxes[sample - track.firstSample]
    if (box == null) return null
    return axis === 'x' ? box.x + box.width / 2 : box.y + box.height / 2
  })
  return { centerRatios, samplesPerSecond }
}
