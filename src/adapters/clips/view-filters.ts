import type { ViewSpan, ViewWindow } from '../../domain/clips/clip-view.ts'
import { halfSize, halvesAreStacked } from '../../domain/clips/window-size.ts'
import type { FrameSize } from '../../domain/frame-size.ts'
import { frameRateText } from '../../domain/video-frame-rate.ts'
import { pictureFilters } from '../ffmpeg/picture-filters.ts'
import { partOfPictures, type VideoPlan } from '../ffmpeg/video-plan.ts'

/** A filter graph, and the files that it reads in the folder where ffmpeg runs. */
export interface ViewGraph {
  /** From the source's pictures to the pad `[v]`. */
  readonly graph: string
  readonly files: readonly { readonly name: string; readonly text: string }[]
}

/**
 * Turns what a clip shows into filters: pictures are brought to the size at which a window of them is the
 * clip (or its half), and the window moves over them. Spans of other layouts are made each for itself and
 * joined, to the frame. `further` is done to the whole.
 */
export const viewGraph = (
  plan: VideoPlan,
  spans: readonly ViewSpan[],
  { size, further }: { readonly size: FrameSize; readonly further: readonly string[] },
): ViewGraph => {
  const part = partOfPictures(plan)
  const source = `[0:${plan.stream.index}]${part.join()}`
  const made = spans.map((span, index) => spanFilters(plan, span, { size, name: String(index) }))
  const files = made.flatMap((one) => one.files)
  const [only] = made
  if (only !== undefined && made.length === 1) {
    return { graph: `${source},${only.chain('[v]', further)}`, files }
  }
  const pads = spans.map((_, index) => `[s${index}]`)
  const joined = spans.map((_, index) => `[o${index}]`)
  // The frames of a joint are counted anew: it has microseconds only.
  const whole = [`concat=n=${spans.length}`, `fps=${frameRateText(plan.frameRate)}`, ...further]
  const graph = [
    `${source},split=${spans.length}${pads.join('')}`,
    ...spans.map(({ fromFrame, toFrame }, index) => {
      const span = `trim=start_frame=${fromFrame}:end_frame=${toFrame}`
      return `${pads[index]}${span},${made[index]!.chain(joined[index]!, ['setpts=PTS-STARTPTS'])}`
    }),
    `${joined.join('')}${whole.join()}[v]`,
  ].join(';')
  return { graph, files }
}

/** Filters of a span, from pictures at the clip's own times to the pad that is named. */
const spanFilters = (
  plan: VideoPlan,
  { layout, windows, fromFrame }: ViewSpan,
  { size, name }: { readonly size: FrameSize; readonly name: string },
) => {
  const canvas = layout === 'split' ? halfSize(size) : size
  const parts = windows.map((window, index) =>
    windowFilters(plan, window, { canvas, fromFrame, name: `${name}x${index}` }),
  )
  const files = parts.map(({ file }) => file)
  const [only] = parts
  const chain = (pad: string, further: readonly string[]): string => {
    if (only !== undefined && parts.length === 1) {
      return `${[...only.filters, ...further].join()}${pad}`
    }
    const copies = parts.map((_, index) => `[c${name}x${index}]`)
    const halves = parts.map((_, index) => `[h${name}x${index}]`)
    const stack = `${halvesAreStacked(size) ? 'vstack' : 'hstack'}=inputs=${parts.length}`
    return [
      `split=${parts.length}${copies.join('')}`,
      ...parts.map((part, index) => `${copies[index]}${part.filters.join()}${halves[index]}`),
      `${halves.join('')}${[stack, ...further].join()}${pad}`,
    ].join(';')
  }
  return { chain, files }
}

const windowFilters = (
  { stream, frameRate }: VideoPlan,
  window: ViewWindow,
  about: { readonly canvas: FrameSize; readonly fromFrame: number; readonly name: string },
) => {
  const { canvas, fromFrame, name } = about
  const picture = {
    widthPx: evenAtLeast(canvas.widthPx, canvas.widthPx / window.widthRatio),
    heightPx: evenAtLeast(canvas.heightPx, canvas.heightPx / window.heightRatio),
  }
  const crop = `crop@window${name}`
  const fileName = `window-${name}.cmd`
  const text = windowCommands(window, { picture, canvas, fromFrame, frameRate, crop })
  return {
    file: { name: fileName, text },
    filters: [
      ...pictureFilters(stream, { picture, canvas: picture }, 'video'),
      `sendcmd=f=${fileName}`,
      `${crop}=${canvas.widthPx}:${canvas.heightPx}:0:0:exact=1`,
    ],
  }
}

const evenAtLeast = (leastPx: number, sidePx: number): number =>
  Math.max(leastPx, Math.round(sidePx / 2) * 2)

interface WindowPlace {
  readonly picture: FrameSize
  readonly canvas: FrameSize
  readonly fromFrame: number
  readonly frameRate: number
  readonly crop: string
}

/** One line for each frame in which the window is somewhere else; halves of frames keep rounding away. */
const windowCommands = (
  { corners }: ViewWindow,
  { picture, canvas, fromFrame, frameRate, crop }: WindowPlace,
): string => {
  const places = corners.map(({ xRatio, yRatio }) => ({
    x: placeOf(xRatio, picture.widthPx, canvas.widthPx),
    y: placeOf(yRatio, picture.heightPx, canvas.heightPx),
  }))
  return places
    .flatMap((place, index) => {
      const before = places[index - 1]
      const moves = (['x', 'y'] as const).filter((axis) => place[axis] !== before?.[axis])
      const seconds = Math.max(0, (fromFrame + index - 0.5) / frameRate).toFixed(4)
      return moves.length === 0
        ? []
        : [`${seconds} ${moves.map((axis) => `${crop} ${axis} ${place[axis]}`).join(', ')};`]
    })
    .join('\n')
}

const placeOf = (ratio: number, lengthPx: number, windowPx: number): number =>
  Math.max(0, Math.min(Math.round(ratio * lengthPx), lengthPx - windowPx))
