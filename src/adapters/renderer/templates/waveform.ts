import type { SKRSContext2D } from '@napi-rs/canvas'

import type { LayerFactory } from '../stage.ts'
import { createWaveformTrack } from '../waveform.ts'
import { paintCoverCard } from './cover-card.ts'

const SLICES_PER_SECOND = 14
const PITCH_UNITS = 12
const BAR_SHARE = 0.6
/** How far from the playhead a bar is still lifted by it, in bars. */
const LIFT_REACH = 5
const LIFT = 0.28

/** The song's waveform, running through a playhead in the middle of the frame. */
export const waveformTemplate: LayerFactory = (stage) => {
  const { layout, palette, pcm, spec, cover } = stage
  const { visual, unitPx } = layout
  const wave = createWaveformTrack(pcm, SLICES_PER_SECOND)
  const pitch = PITCH_UNITS * unitPx
  const barWidth = pitch * BAR_SHARE
  const middleX = visual.x + visual.width / 2
  const middleY = visual.y + visual.height / 2
  const reachBars = Math.ceil(visual.width / 2 / pitch) + 1
  const heightMax = visual.height / (1 + LIFT)

  /** Played on the left, to come on the right; both fade towards the edges of the frame. */
  const shades = (ctx: SKRSContext2D) => {
    const colors = ctx.createLinearGradient(visual.x, 0, visual.x + visual.width, 0)
    colors.addColorStop(0, palette.glow(0))
    colors.addColorStop(0.15, palette.main)
    colors.addColorStop(0.5, palette.companion)
    colors.addColorStop(0.5, 'rgba(255,255,255,0.7)')
    colors.addColorStop(0.8, 'rgba(255,255,255,0.38)')
    colors.addColorStop(1, 'rgba(255,255,255,0)')
    return colors
  }
  let colors: ReturnType<typeof shades> | undefined

  /** A bar that is just being played stands higher than its loudness alone. */
  const barHeight = (slice: number, position: number): number => {
    const near = Math.max(0, 1 - Math.abs(slice + 0.5 - position) / LIFT_REACH)
    return Math.max(barWidth, wave.heightAt(slice) * (1 + LIFT * near * near) * heightMax)
  }
  const fillBars = (ctx: SKRSContext2D, position: number): void => {
    const first = Math.max(0, Math.floor(position) - reachBars)
    const last = Math.min(wave.sliceCount - 1, Math.floor(position) + reachBars)
    for (let slice = first; slice <= last; slice += 1) {
      const height = barHeight(slice, position)
      const x = middleX + (slice + 0.5 - position) * pitch - barWidth / 2
      // Bar by bar: one path of a hundred bars costs twice the time.
      ctx.beginPath()
      ctx.roundRect(x, middleY - height / 2, barWidth, height, barWidth / 2)
      ctx.fill()
    }
  }

  return {
    paintStill: (ctx) => paintCoverCard(ctx, cover, layout.cover, unitPx),
    paintFrame: (ctx, frame) => {
      // The middle of the time that the frame is shown, as in the spectrum.
      const position = ((frame + 0.5) / spec.frameRate) * SLICES_PER_SECOND
      colors ??= shades(ctx)
      ctx.fillStyle = colors
      fillBars(ctx, position)
      ctx.fillStyle = palette.light
      ctx.beginPath()
      const width = 3 * unitPx
      ctx.roundRect(middleX - width / 2, visual.y, width, visual.height, width / 2)
      ctx.fill()
    },
  }
}
