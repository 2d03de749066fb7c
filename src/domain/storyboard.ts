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
