import type { SKRSContext2D } from '@napi-rs/canvas'

import type { FittedText, TextBox } from './fit-text.ts'
import { drawText, fitText } from './fit-text.ts'
import type { Layout } from './layout.ts'
import type { Stage } from './stage.ts'

const ARTIST_TO_TITLE = 0.5
const GAP_TO_TITLE = 0.24
const TITLE_SIZE_MIN = 0.36
const ARTIST_SIZE_MIN_UNITS = 17
/** The artist's share of the height when both need more room than there is. */
const ARTIST_SHARE = 0.3

export interface FittedTitles {
  readonly title: FittedText | undefined
  readonly artist: FittedText | undefined
  readonly gapPx: number
  readonly heightPx: number
}

/** Title and artist together, measured to stay inside the layout's text box. */
export const fitTitles = (
  layout: Layout,
  texts: { title: string; artist: string },
): FittedTitles => {
  const { text, titlePx, unitPx } = layout
  const box = (heightPx: number): TextBox => ({ widthPx: text.width, heightPx })
  const artist = fitText(texts.artist, box(text.height * ARTIST_SHARE), {
    weight: 500,
    sizePxMax: Math.max(titlePx * ARTIST_TO_TITLE, 24 * unitPx),
    sizePxMin: ARTIST_SIZE_MIN_UNITS * unitPx,
    linesMax: 2,
  })
  const gapPx = artist ? titlePx * GAP_TO_TITLE : 0
  const title = fitText(texts.title, box(text.height - gapPx - (artist?.heightPx ?? 0)), {
    weight: 700,
    sizePxMax: titlePx,
    sizePxMin: Math.max(titlePx * TITLE_SIZE_MIN, ARTIST_SIZE_MIN_UNITS * unitPx),
    linesMax: layout.align === 'left' ? 3 : 2,
  })
  const gapBetweenPx = title && artist ? gapPx : 0
  return {
    title,
    artist,
    gapPx: gapBetweenPx,
    heightPx: (title?.heightPx ?? 0) + gapBetweenPx + (artist?.heightPx ?? 0),
  }
}

/** Paints title and artist in the middle of their box's height. */
export const paintTitles = (
  ctx: SKRSContext2D,
  { layout, spec }: Pick<Stage, 'layout' | 'spec'>,
): void => {
  const { text, align, unitPx } = layout
  const fitted = fitTitles(layout, spec)
  const x = align === 'center' ? text.x + text.width / 2 : text.x
  const y = text.y + (text.height - fitted.heightPx) / 2
  ctx.save()
  ctx.shadowColor = 'rgba(0,0,0,0.45)'
  ctx.shadowBlur = 14 * unitPx
  ctx.shadowOffsetY = 2 * unitPx
  // The lines of right-to-left text end flush, but the block stays next to the cover.
  const blockWidthPx = Math.max(fitted.title?.widthPx ?? 0, fitted.artist?.widthPx ?? 0)
  if (fitted.title) {
    ctx.fillStyle = '#ffffff'
    drawText(ctx, fitted.title, { x, y, align, blockWidthPx })
  }
  if (fitted.artist) {
    ctx.fillStyle = 'rgba(255,255,255,0.76)'
    const below = y + (fitted.title?.heightPx ?? 0) + fitted.gapPx
    drawText(ctx, fitted.artist, { x, y: below, align, blockWidthPx })
  }
  ctx.restore()
}
