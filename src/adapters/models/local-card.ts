import { writeFile } from 'node:fs/promises'

import { createCanvas, type SKRSContext2D } from '@napi-rs/canvas'

import type { FrameSize } from '../../domain/frame-size.ts'
import { drawText, fitText } from '../renderer/fit-text.ts'

export interface Card {
  /** Set in full; a longer one than fits at the smallest size ends in an ellipsis. */
  readonly prompt: string
  readonly size: FrameSize
  /** Decides on the colours. */
  readonly seed: number
}

/** Parts of the shorter side. */
const MARGIN = 0.11
const TEXT_MAX = 0.115
const TEXT_MIN = 0.026
const LINES_MAX = 9
/** Gradients show no blocks at this quality, and a PNG of them takes five times as long. */
const JPEG_QUALITY = 92
/** Hues that lie next to each other make no mud. */
const HUE_STEP_DEGREES = 48
const GOLDEN_ANGLE_DEGREES = 137.508

/** Draws a card and writes it as a JPEG. The same card gives the same bytes on one machine. */
export const drawCard = async (path: string, card: Card): Promise<void> => {
  const { widthPx, heightPx } = card.size
  const canvas = createCanvas(widthPx, heightPx)
  const ctx = canvas.getContext('2d')
  paintGround(ctx, card)
  paintPrompt(ctx, card)
  await writeFile(path, await canvas.encode('jpeg', JPEG_QUALITY))
}

/** Neighbouring seeds are far apart on the wheel of colours. */
const hueOf = (seed: number): number => (((seed * GOLDEN_ANGLE_DEGREES) % 360) + 360) % 360

const paintGround = (ctx: SKRSContext2D, { size, seed }: Card): void => {
  const { widthPx, heightPx } = size
  const hue = hueOf(seed)
  const colour = (turn: number, lightness: number): string =>
    `hsl(${(hue + turn * HUE_STEP_DEGREES) % 360}, 68%, ${lightness}%)`
  const sky = ctx.createLinearGradient(0, 0, widthPx, heightPx)
  sky.addColorStop(0, colour(0, 46))
  sky.addColorStop(0.55, colour(1, 34))
  sky.addColorStop(1, colour(2, 20))
  ctx.fillStyle = sky
  ctx.fillRect(0, 0, widthPx, heightPx)
  const reach = Math.hypot(widthPx, heightPx)
  const light = (x: number, y: number, stops: readonly (readonly [number, string])[]): void => {
    const disc = ctx.createRadialGradient(x, y, 0, x, y, reach * 0.6)
    for (const [offset, style] of stops) disc.addColorStop(offset, style)
    ctx.fillStyle = disc
    ctx.fillRect(0, 0, widthPx, heightPx)
  }
  light(widthPx * 0.12, heightPx * 0.05, [
    [0, 'rgba(255,255,255,0.30)'],
    [1, 'rgba(255,255,255,0)'],
  ])
  light(widthPx * 0.95, heightPx * 0.98, [
    [0, 'rgba(8,4,26,0.45)'],
    [1, 'rgba(8,4,26,0)'],
  ])
}

const paintPrompt = (ctx: SKRSContext2D, { size, prompt }: Card): void => {
  const { widthPx, heightPx } = size
  const shortPx = Math.min(widthPx, heightPx)
  const box = { widthPx: widthPx - 2 * MARGIN * shortPx, heightPx: heightPx - 2 * MARGIN * shortPx }
  const text = fitText(prompt, box, {
    weight: 700,
    sizePxMax: shortPx * TEXT_MAX,
    sizePxMin: shortPx * TEXT_MIN,
    linesMax: LINES_MAX,
  })
  if (!text) return
  ctx.fillStyle = '#ffffff'
  ctx.shadowColor = 'rgba(0,0,0,0.35)'
  ctx.shadowBlur = shortPx * 0.02
  ctx.shadowOffsetY = shortPx * 0.004
  drawText(ctx, text, {
    x: widthPx / 2,
    y: (heightPx - text.heightPx) / 2,
    align: 'center',
    blockWidthPx: text.widthPx,
  })
}
