/**
 * The way of a crop window over a wider picture, so that a face stays in it and nobody notices the
 * camera.
 *
 * The centre of the face is followed through a dead zone, which takes the trembling of a detector out,
 * and then smoothed by a bell that looks as far ahead as back: a face that walks is followed without
 * delay. A weighted mean of places in the picture is a place in the picture, so the window never leaves
 * it; and its speed and acceleration are bounded by the bell alone, whatever the detector says.
 * Nothing is smoothed over a cut: there the window jumps with the scene.
 */

/** Where the face was, sample by sample. */
export interface FacePositions {
  /** Of the face's centre: 0 is the left edge of the picture, 1 the right one; null: none was seen. */
  readonly centerRatios: readonly (number | null)[]
  readonly samplesPerSecond: number
}

export interface CropShape {
  readonly durationSeconds: number
  readonly frameRate: number
  /** The width of the window as a part of the picture's, 0 to 1. */
  readonly widthRatio: number
  /** In order. */
  readonly cutsSeconds: readonly number[]
}

/** A face may move so far from where the window follows it, in picture widths. Twice a detector's usual error. */
const DEAD_ZONE_RATIO = 0.012
/** Three running means of this length make the bell. */
const MEAN_SECONDS = 0.5

/** The fastest the window can move, in picture widths a second: that of the bell's highest point. */
export const SPEED_MAX = 3 / 4 / MEAN_SECONDS
/** And its greatest acceleration, in picture widths a second squared. */
export const ACCELERATION_MAX = 2 / MEAN_SECONDS ** 2

/** The left edge of the window in each frame, as a part of the picture's width. */
export const cropPath = (faces: FacePositions, shape: CropShape): readonly number[] => {
  const frames = Math.max(1, Math.round(shape.durationSeconds * shape.frameRate))
  const half = shape.widthRatio / 2
  const edges = shape.cutsSeconds
    .map((cut) => Math.round(cut * shape.frameRate))
    .filter((frame) => frame > 0 && frame < frames)
  const bounds = [0, ...edges, frames]
  return bounds.slice(0, -1).flatMap((from, index) => {
    const centers = scenePath(faces, {
      from,
      to: bounds[index + 1]!,
      half,
      frameRate: shape.frameRate,
    })
    return centers.map((center) => center - half)
  })
}

interface Scene {
  readonly from: number
  readonly to: number
  readonly half: number
  readonly frameRate: number
}

const scenePath = (
  faces: FacePositions,
  { from, to, half, frameRate }: Scene,
): readonly number[] => {
  const seen = Array.from({ length: to - from }, (_, index) =>
    positionAt(faces, (from + index) / frameRate, { from: from / frameRate, to: to / frameRate }),
  )
  const clamped = held(seen).map((center) => clamp(center, half, 1 - half))
  const length = Math.ceil(MEAN_SECONDS * frameRate) | 1
  return runningMean(runningMean(runningMean(steadied(clamped), length), length), length)
}

const clamp = (value: number, least: number, most: number): number =>
  Math.max(least, Math.min(value, most))

/** Between two samples of the same scene a face moves evenly. */
const positionAt = (
  { centerRatios, samplesPerSecond }: FacePositions,
  seconds: number,
  scene: { readonly from: number; readonly to: number },
): number | null => {
  const place = seconds * samplesPerSecond
  const isInScene = (index: number) =>
    index >= scene.from * samplesPerSecond && index < scene.to * samplesPerSecond
  const sample = (index: number) => (isInScene(index) ? (centerRatios[index] ?? null) : null)
  const before = sample(Math.floor(place))
  const after = sample(Math.ceil(place))
  if (before === null || after === null) return before ?? after
  return before + (after - before) * (place - Math.floor(place))
}

/** Where no face is seen the window stays, and it begins where the first one will be; without any it is
 * in the middle. */
const held = (seen: readonly (number | null)[]): readonly number[] => {
  let last = seen.find((position) => position !== null) ?? 0.5
  return seen.map((position) => (last = position ?? last))
}

/** Followed from the beginning the window is late by the dead zone, and from the end as much too early. */
const steadied = (centers: readonly number[]): readonly number[] => {
  const late = dragged(centers)
  const early = dragged(centers.toReversed()).toReversed()
  return late.map((center, index) => (center + early[index]!) / 2)
}

/** What stays where it is until the dead zone takes it along. */
const dragged = (centers: readonly number[]): number[] => {
  let at = centers[0] ?? 0.5
  return centers.map(
    (center) => (at = clamp(at, center - DEAD_ZONE_RATIO, center + DEAD_ZONE_RATIO)),
  )
}

/** The mean of each value and its neighbours; beyond the ends the last one goes on. */
const runningMean = (values: readonly number[], length: number): readonly number[] => {
  const reach = (length - 1) / 2
  const at = (index: number) => values[clamp(index, 0, values.length - 1)]!
  let sum = 0
  for (let index = -reach; index <= reach; index++) sum += at(index)
  return values.map((_, index) => {
    const mean = sum / length
    sum += at(index + reach + 1) - at(index - reach)
    return mean
  })
}
