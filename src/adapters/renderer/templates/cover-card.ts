import type { Canvas, SKRSContext2D } from '@napi-rs/canvas'
import { createCanvas } from '@napi-rs/canvas'

import type { Picture } from '../artwork.ts'
import { drawCovering } from '../artwork.ts'
import type { Rect } from '../layout.ts'

/** The cover as a square of the card's size, scaled once and well. */
export const scaledCover = (cover: Picture, sizePx: number): Canvas => {
  const size = Math.max(1, Math.round(sizePx))
  const canvas = createCanvas(size, size)
  drawCovering(canvas.getContext('2d'), cover, { widthPx: size, heightPx: size })
  return canvas
}

/** A card with round corners, a soft shadow and a hair of light along its edge. */
export const paintCoverCard = (
  ctx: SKRSContext2D,
  cover: Picture,
  card: Rect,
  unitPx: number,
): void => {
  const radius = 20 * unitPx
  const outline = (): void => {
    ctx.beginPath()
    ctx.roundRect(card.x, card.y, card.width, card.height, radius)
  }
  ctx.save()
  for (const [blur, offset, alpha] of [
    [56, 26, 0.55],
    [14, 4, 0.4],
  ] as const) {
    ctx.shadowColor = `rgba(0,0,0,${alpha})`
    ctx.shadowBlur = blur * unitPx
    ctx.shadowOffsetY = offset * unitPx
    ctx.fillStyle = '#111'
    outline()
    ctx.fill()
  }
  ctx.restore()
  ctx.save()
  outline()
  ctx.clip()
  ctx.drawImage(scaledCover(cover, card.width), card.x, card.y, card.width, card.height)
  ctx.restore()
  ctx.strokeStyle = 'rgba(255,255,255,0.16)'
  ctx.lineWidth = 1.5 * unitPx
  outline()
  ctx.stroke()
}
