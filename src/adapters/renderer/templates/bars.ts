import type { SKRSContext2D } from '@napi-rs/canvas'

import type { LayerFactory } from '../stage.ts'
import { createSpectrumTrack } from '../spectrum.ts'
import { paintCoverCard } from './cover-card.ts'

const PITCH_UNITS = 17.4
const BAR_SHARE = 0.62
const REFLECTION_SHARE = 0.2

/** How many bars fit a width: 64 in a wide picture, fewer in an upright one. */
export const barCountFor = (widthPx: number, unitPx: number): number =>
  Math.min(64, Math.max(24, Math.round(widthPx / unitPx / PITCH_UNITS)))

/** Spectrum bars on a floor that mirrors them. */
export const barsTemplate: LayerFactory = (stage) => {
  const { layout, palette, pcm, spec, cover } = stage
  const { visual, unitPx } = layout
  const barCount = barCountFor(visual.width, unitPx)
  const timing = { frameRate: spec.frameRate, frameCount: stage.frameCount }
  const spectrum = createSpectrumTrack(pcm, timing, barCount)

  const barWidth = (visual.width / barCount) * BAR_SHARE
  const pitch = (visual.width - barWidth) / (barCount - 1)
  const floor = visual.y + visual.height * (1 - REFLECTION_SHARE)
  const heightMax = floor - visual.y
  const reflectionMax = visual.height * REFLECTION_SHARE - 4 * unitPx

  const upright = (ctx: SKRSContext2D) => {
    const colors = ctx.createLinearGradient(0, floor, 0, visual.y)
    colors.addColorStop(0, palette.deep)
    colors.addColorStop(0.3, palette.main)
    colors.addColorStop(0.75, palette.companion)
    colors.addColorStop(1, palette.light)
    return colors
  }
  const mirrored = (ctx: SKRSContext2D) => {
    const colors = ctx.createLinearGradient(0, floor, 0, floor + reflectionMax)
    colors.addColorStop(0, palette.glow(0.36))
    colors.addColorStop(1, palette.glow(0))
    return colors
  }
  let colors: { up: ReturnType<typeof upright>; down: ReturnType<typeof mirrored> } | undefined

  return {
    paintStill: (ctx) => paintCoverCard(ctx, cover, layout.cover, unitPx),
    paintFrame: (ctx, frame) => {
      colors ??= { up: upright(ctx), down: mirrored(ctx) }
      const levels = spectrum.levelsAt(frame)
      const heights = Array.from(levels, (level) => Math.max(barWidth, level * heightMax))
      ctx.fillStyle = colors.up
      for (const [band, height] of heights.entries()) {
        // Bar by bar: one path of all bars costs twice the time.
        ctx.beginPath()
        ctx.roundRect(visual.x + band * pitch, floor - height, barWidth, height, barWidth / 2)
        ctx.fill()
      }
      ctx.fillStyle = colors.down
      for (const [band, height] of heights.entries()) {
        const reflected = Math.min(reflectionMax, height * 0.4)
        ctx.fillRect(visual.x + band * pitch, floor + 4 * unitPx, barWidth, reflected)
      }
    },
  }
}
