import type { SKRSContext2D } from '@napi-rs/canvas'

import type { LayerFactory } from '../scene.ts'
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

  const played = (ctx: SKRSContext2D) => {
    const colors = ctx.createLinearGradient(visual.x, 0, middleX, 0)
    colors.addColorStop(0, palette.glow(0))
    colors.addColorStop(0.3, palette.main)
    colors.addColorStop(1, palette.companion)
    return colors
  }
  const coming = (ctx: SKRSContext2D) => {
    const colors = ctx.createLinearGradient(middleX, 0, visual.x + visual.width, 0)
    colors.addColorStop(0, 'rgba(255,255,255,0.7)')
    colors.addColorStop(0.6, 'rgba(255,255,255,0.38)')
    colors.addColorStop(1, 'rgba(255,255,255,0)')
    return colors
  }
  let colors: { past: ReturnType<typeof played>; future: ReturnType<typeof coming> } | undefined

  /** A bar that is just being played stands higher than its loudness alone. */
  const barHeight = (slice: number, position: number): number => {
    const near = Math.max(0, 1 - Math.abs(slice + 0.5 - position) / LIFT_REACH)
    return Math.max(barWidth, wave.heightAt(slice) * (1 + LIFT * near * near) * heightMax)
  }
  const bars = (ctx: SKRSContext2D, position: number, from: number, to: number): void => {
    const first = Math.max(0, Math.floor(position) + from)
    const last = Math.min(wave.sliceCount - 1, Math.floor(position) + to)
    ctx.beginPath()
    for (let slice = first; slice <= last; slice += 1) {
      const height = barHeight(slice, position)
      const x = middleX + (slice + 0.5 - position) * pitch - barWidth / 2
      ctx.roundRect(x, middleY - height / 2, barWidth, height, barWidth / 2)
    }
    ctx.fill()
  }
  const clipFrom = (ctx: SKRSContext2D, x: number): void => {
    ctx.beginPath()
    ctx.rect(x, visual.y, visual.width / 2, visual.height)
    ctx.clip()
  }

  return {
    paintStill: (ctx) => paintCoverCard(ctx, cover, layout.cover, unitPx),
    paintFrame: (ctx, frame) => {
      const shades = (colors ??= { past: played(ctx), future: coming(ctx) })
      // The middle of the time that the frame is shown, as in the spectrum.
      const position = ((frame + 0.5) / spec.frameRate) * SLICES_PER_SECOND
      ctx.save()
      clipFrom(ctx, visual.x)
      ctx.fillStyle = shades.past
      bars(ctx, position, -reachBars, 1)
      ctx.restore()
      ctx.save()
      clipFrom(ctx, middleX)
      ctx.fillStyle = shades.future
      bars(ctx, position, -1, reachBars)
      ctx.restore()
      ctx.fillStyle = palette.light
      ctx.beginPath()
      const width = 3 * unitPx
      ctx.roundRect(middleX - width / 2, visual.y, width, visual.height, width / 2)
      ctx.fill()
    },
  }
}
