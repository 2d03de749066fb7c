import type { StoryboardSpec } from './media-conversions.ts'

/** Where the tiles of a storyboard lie in time and on their sheets. */
export interface StoryboardPlan {
  readonly tileCount: number
  readonly intervalSeconds: number
  readonly columns: number
  readonly rows: number
  readonly sheetCount: number
}

/** As many tiles as the spec allows, but none closer than it says; the last sheet may be shorter. */
export const planStoryboard = (spec: StoryboardSpec, durationSeconds: number): StoryboardPlan => {
  const tileCount = Math.max(
    1,
    Math.min(spec.tilesMax, Math.floor(durationSeconds / spec.intervalSecondsMin)),
  )
  const columns = Math.min(spec.columns, tileCount)
  const rows = Math.min(spec.rows, Math.ceil(tileCount / columns))
  return {
    tileCount,
    intervalSeconds: durationSeconds / tileCount,
    columns,
    rows,
    sheetCount: Math.ceil(tileCount / (columns * rows)),
  }
}

export interface KeyFrame {
  /** Its number among the packets of its stream, from 0. */
  readonly packet: number
  /** When it is shown, from the start of the film. */
  readonly seconds: number
}

/** How key frames, in the order of their times, suffice for a storyboard. */
export interface StoryboardSource {
  /** They lie close enough to each other to show every tile by one of them. */
  readonly keyFramesOnly: boolean
  /** Those that are shown, if they are no more than half of all: for each tile the last one before its
   * middle. Null: it is not worth picking them out. */
  readonly chosen: readonly KeyFrame[] | null
}

/** How much of a film is looked at for the distance of its key frames; later ones may lie further apart. */
const LOOK_SECONDS = 60

export const storyboardSource = (
  plan: StoryboardPlan,
  keyFrames: readonly KeyFrame[],
): StoryboardSource => {
  const seen = keyFrames.filter(({ seconds }) => seconds <= LOOK_SECONDS)
  const gaps = seen.slice(1).map(({ seconds }, index) => seconds - seen[index]!.seconds)
  const isDense = gaps.length > 0 && gaps.every((gap) => gap <= plan.intervalSeconds)
  if (!isDense) return { keyFramesOnly: false, chosen: null }
  const chosen = new Set<KeyFrame>()
  let last = 0
  for (let tile = 0; tile < plan.tileCount; tile += 1) {
    const middleSeconds = (tile + 0.5) * plan.intervalSeconds
    while ((keyFrames[last + 1]?.seconds ?? Infinity) < middleSeconds) last += 1
    chosen.add(keyFrames[last]!)
  }
  return { keyFramesOnly: true, chosen: chosen.size * 2 <= keyFrames.length ? [...chosen] : null }
}

const two = (value: number): string => String(value).padStart(2, '0')

/** `01:02:03.450`, as WebVTT writes times. */
export const vttTime = (seconds: number): string => {
  const milliseconds = Math.round(seconds * 1000)
  const whole = Math.floor(milliseconds / 1000)
  const fraction = String(milliseconds % 1000).padStart(3, '0')
  return `${two(Math.floor(whole / 3600))}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}.${fraction}`
}

/**
 * WebVTT in which every cue is the place of a tile: `name#xywh=x,y,width,height`, a media fragment that
 * players read. Names are relative to the file.
 */
export const storyboardVtt = (
  plan: StoryboardPlan,
  tile: { readonly widthPx: number; readonly heightPx: number },
  sheetName: (index: number) => string,
): string => {
  const perSheet = plan.columns * plan.rows
  const cues = Array.from({ length: plan.tileCount }, (_, index) => {
    const inSheet = index % perSheet
    const x = (inSheet % plan.columns) * tile.widthPx
    const y = Math.floor(inSheet / plan.columns) * tile.heightPx
    const from = vttTime(index * plan.intervalSeconds)
    const to = vttTime((index + 1) * plan.intervalSeconds)
    const place = `${sheetName(Math.floor(index / perSheet))}#xywh=${x},${y},${tile.widthPx},${tile.heightPx}`
    return `${from} --> ${to}\n${place}\n`
  })
  return ['WEBVTT\n', ...cues].join('\n')
}
