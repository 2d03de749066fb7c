/** A face in one sample of a video; all places are parts of the picture's width and height, 0 to 1. */
export interface FaceBox {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  /** 0 to 1: how sure the detector is. */
  readonly score: number
  /** What the place of the mouth looks like: levels from 0 to 1, as many for every face. */
  readonly mouth: readonly number[]
}

/** The same face over time. */
export interface FaceTrack {
  /** The sample in which it is seen first. */
  readonly firstSample: number
  /** From then on, sample by sample; null: missed there. */
  readonly boxes: readonly (FaceBox | null)[]
}

/** A face moves less than this between two samples, in its own widths; farther away is another one. */
const STEP_WIDTHS_MAX = 0.9
/** And a face that is nearer or farther by more than this is another one. */
const GROWTH_MAX = 1.6
/** A detector misses a face that turns away; so long it is still the same. */
const MISSED_SECONDS_MAX = 1
/** A face that is seen for less is a poster in the background, or no face. */
const SEEN_SECONDS_MIN = 0.5

/**
 * Joins the faces of each sample to tracks, nearest first. No track goes over a cut. Those that are seen
 * for less than half a second are left out.
 */
export const trackFaces = (
  samples: readonly (readonly FaceBox[])[],
  {
    samplesPerSecond,
    cutsSeconds,
  }: { readonly samplesPerSecond: number; readonly cutsSeconds: readonly number[] },
): readonly FaceTrack[] => {
  const cutSamples = new Set(cutsSeconds.map((cut) => Math.ceil(cut * samplesPerSecond)))
  const missedMax = MISSED_SECONDS_MAX * samplesPerSecond
  const ended: OpenTrack[] = []
  let open: OpenTrack[] = []
  for (const [sample, faces] of samples.entries()) {
    const isLost = (track: OpenTrack) =>
      cutSamples.has(sample) || sample - lastSampleOf(track) > missedMax
    ended.push(...open.filter(isLost))
    open = joined(
      open.filter((track) => !isLost(track)),
      faces,
      sample,
    )
  }
  const seenMin = SEEN_SECONDS_MIN * samplesPerSecond
  return [...ended, ...open]
    .filter(({ seen }) => seen.size >= seenMin)
    .map(({ seen }) => closed(seen))
    .toSorted((a, b) => a.firstSample - b.firstSample)
}

interface OpenTrack {
  /** By sample, in order. */
  readonly seen: ReadonlyMap<number, FaceBox>
}

const lastSampleOf = ({ seen }: OpenTrack): number => [...seen.keys()].at(-1)!

const centerOf = (box: FaceBox) => ({ x: box.x + box.width / 2, y: box.y + box.height / 2 })

/** In widths of the face; infinite for what cannot be the same. */
const distance = (a: FaceBox, b: FaceBox): number => {
  const growth = Math.max(a.height / b.height, b.height / a.height)
  if (!(growth <= GROWTH_MAX)) return Infinity
  const [from, to] = [centerOf(a), centerOf(b)]
  const width = Math.max(a.width, b.width)
  const height = Math.max(a.height, b.height)
  return Math.hypot((from.x - to.x) / width, (from.y - to.y) / height)
}

const joined = (
  tracks: readonly OpenTrack[],
  faces: readonly FaceBox[],
  sample: number,
): OpenTrack[] => {
  const pairs = tracks
    .flatMap((track) =>
      faces.map((face) => ({ track, face, far: distance(lastBoxOf(track), face) })),
    )
    .filter(({ far }) => far <= STEP_WIDTHS_MAX)
    .toSorted((a, b) => a.far - b.far)
  const faceOf = new Map<OpenTrack, FaceBox>()
  const taken = new Set<FaceBox>()
  for (const { track, face } of pairs) {
    if (faceOf.has(track) || taken.has(face)) continue
    faceOf.set(track, face)
    taken.add(face)
  }
  const continued = tracks.map((track) => {
    const face = faceOf.get(track)
    return face === undefined ? track : { seen: new Map([...track.seen, [sample, face]]) }
  })
  const begun = faces
    .filter((face) => !taken.has(face))
    .map((face) => ({ seen: new Map([[sample, face]]) }))
  return [...continued, ...begun]
}

const lastBoxOf = ({ seen }: OpenTrack): FaceBox => [...seen.values()].at(-1)!

const closed = (seen: ReadonlyMap<number, FaceBox>): FaceTrack => {
  const samples = [...seen.keys()]
  const firstSample = samples[0]!
  const length = samples.at(-1)! - firstSample + 1
  return {
    firstSample,
    boxes: Array.from({ length }, (_, index) => seen.get(firstSample + index) ?? null),
  }
}
