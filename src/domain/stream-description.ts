import type { RationalRate } from './rational-rate.ts'

/**
 * A packaged stream: all that its manifests are made from. It lies in the folder as `stream.json`, so
 * that caption tracks that come later only mean other manifests. Plain JSON; file names are relative.
 */
export interface StreamDescription {
  readonly version: 1
  /** Of the longest track. */
  readonly durationSeconds: number
  /** From small to large; of the same size, standard range first. */
  readonly video: readonly VideoTrack[]
  /** Empty for a silent film. The first is played unless the viewer wants another. */
  readonly audio: readonly AudioTrack[]
  readonly captions: readonly CaptionTrack[]
}

export type VideoRange = 'SDR' | 'PQ' | 'HLG'

/** Consecutive segments of a track: `init.mp4` and `00001.m4s` onwards in the folder of its name. */
export interface SegmentedTrack {
  /** The folder's name, unique in the stream: `v-720`, `audio`. */
  readonly name: string
  /** By RFC 6381, as read from the initialisation segment: `avc1.64001f`. */
  readonly codecs: string
  /** Ticks in a second. */
  readonly timescale: number
  readonly segments: readonly Segment[]
}

export interface Segment {
  readonly durationTicks: number
  readonly sizeBytes: number
}

export interface VideoTrack extends SegmentedTrack {
  readonly widthPx: number
  readonly heightPx: number
  readonly frameRate: RationalRate
  readonly videoRange: VideoRange
}

export interface AudioTrack extends SegmentedTrack {
  /** BCP 47, or null if nobody knows. */
  readonly language: string | null
  /** What a viewer reads in a menu. */
  readonly label: string
  readonly channels: number
  readonly sampleRateHz: number
}

/** One WebVTT file for the whole stream, at `captions/<language>.vtt`. */
export interface CaptionTrack {
  /** BCP 47; one track a language. */
  readonly language: string
  readonly label: string
}

/** A run of segments, numbered from 0: the file of number 0 is `00001.m4s`. */
export interface SegmentRange {
  readonly firstSegment: number
  readonly segmentCount: number
}

/** Name of the file with this description, within the stream's folder. */
export const STREAM_DESCRIPTION_NAME = 'stream.json'

export const initName = (track: string): string => `${track}/init.mp4`

/** `index` counts from 0, files from 1. */
export const segmentName = (track: string, index: number): string =>
  `${track}/${String(index + 1).padStart(5, '0')}.m4s`

export const captionName = (language: string): string => `captions/${language}.vtt`

export const trackDurationSeconds = (track: SegmentedTrack): number =>
  track.segments.reduce((ticks, segment) => ticks + segment.durationTicks, 0) / track.timescale

/** The files of a track that players fetch, in the order of playback. */
export const trackFiles = (track: SegmentedTrack): string[] => [
  initName(track.name),
  ...track.segments.map((_, index) => segmentName(track.name, index)),
]

/** Describes what is ready; tracks that are made later are given in another call. */
export const describeStream = (tracks: {
  readonly video: readonly VideoTrack[]
  readonly audio: readonly AudioTrack[]
  readonly captions?: readonly CaptionTrack[]
}): StreamDescription => ({
  version: 1,
  durationSeconds: Math.max(0, ...[...tracks.video, ...tracks.audio].map(trackDurationSeconds)),
  video: tracks.video.toSorted(
    (one, other) =>
      one.widthPx * one.heightPx - other.widthPx * other.heightPx ||
      Number(one.videoRange !== 'SDR') - Number(other.videoRange !== 'SDR'),
  ),
  audio: tracks.audio,
  captions: tracks.captions ?? [],
})

/** The same stream with one more caption track, or another in the place of that language's. */
export const withCaptions = (
  stream: StreamDescription,
  captions: CaptionTrack,
): StreamDescription => ({
  ...stream,
  captions: [
    ...stream.captions.filter(({ language }) => language !== captions.language),
    captions,
  ].toSorted((one, other) => (one.language < other.language ? -1 : 1)),
})

/** The part of a rung that one range of segments gave. */
export interface RungPart {
  readonly track: VideoTrack
  readonly firstSegment: number
}

/**
 * Joins the parts of one rung into its track: the join is the list of segments. Throws RangeError if a
 * part is missing, doubled, or of another encoding.
 */
export const joinParts = (parts: readonly RungPart[]): VideoTrack => {
  const inOrder = parts.toSorted((one, other) => one.firstSegment - other.firstSegment)
  const [first] = inOrder
  if (!first) throw new RangeError('a track has at least one part')
  const segments: Segment[] = []
  for (const { track, firstSegment } of inOrder) {
    if (firstSegment !== segments.length) {
      throw new RangeError(
        `${track.name}: segment ${segments.length} is next, the part begins with ${firstSegment}`,
      )
    }
    if (track.name !== first.track.name || track.codecs !== first.track.codecs) {
      throw new RangeError(`${track.name} (${track.codecs}) is no part of ${first.track.name}`)
    }
    segments.push(...track.segments)
  }
  return { ...first.track, segments }
}
