import type { Canvas, SKRSContext2D } from '@napi-rs/canvas'
import { createCanvas } from '@napi-rs/canvas'

import type { LayerFactory, Stage } from '../stage.ts'
import { createSpectrumTrack } from '../spectrum.ts'
import { scaledCover } from './cover-card.ts'

/** Bars of one half; the other half mirrors it, so that the circle has no seam. */
const HALF_BARS = 56
const PULSE = 0.035

/** The round cover with its rim, a little larger than it is ever shown. */
const roundCover = ({ cover, layout }: Stage): Canvas => {
  const size = Math.ceil(layout.cover.width * (1 + PULSE))
  const canvas = createCanvas(size, size)
  const ctx = canvas.getContext('2d')
  ctx.beginPath()
  ctx.arc(size / 2, size / 2, size / 2 - 1, 0, 2 * Math.PI)
  ctx.clip()
  ctx.drawImage(scaledCover(cover, size), 0, 0)
  ctx.strokeStyle = 'rgba(255,255,255,0.85)'
  ctx.lineWidth = 7 * layout.unitPx
  ctx.beginPath()
  ctx.arc(size / 2, size / 2, size / 2 - 1, 0, 2 * Math.PI)
  ctx.stroke()
  return canvas
}

/** The light behind the circle, painted once at its size; per frame only its strength changes. */
const glowSprite = ({ palette, layout }: Stage): Canvas => {
  const size = layout.visual.width
  const half = size / 2
  const canvas = createCanvas(size, size)
  const ctx = canvas.getContext('2d')
  const light = ctx.createRadialGradient(half, half, half * 0.4, half, half, half)
  light.addColorStop(0, palette.glow(0.75))
  light.addColorStop(0.45, palette.glow(0.3))
  light.addColorStop(1, palette.glow(0))
  ctx.fillStyle = light
  ctx.fillRect(0, 0, size, size)
  return canvas
}

const spokes = (
  ctx: SKRSContext2D,
  levels: Float32Array,
  ring: { x: number; y: number; inner: number; reach: number; dot: number },
): void => {
  levels.forEach((level, band) => {
    // The bass stands at the bottom of the circle, the treble meets at the top.
    const angle = ((band + 0.5) / levels.length) * Math.PI
    const length = ring.dot + level * ring.reach
    for (const side of [1, -1]) {
      const dx = Math.sin(angle) * side
      const dy = Math.cos(angle)
      ctx.beginPath()
      ctx.moveTo(ring.x + dx * ring.inner, ring.y + dy * ring.inner)
      ctx.lineTo(ring.x + dx * (ring.inner + length), ring.y + dy * (ring.inner + length))
      ctx.stroke()
    }
  })
}

/** A spectrum around the round cover, which breathes with the bass. */
export const radialTemplate: LayerFactory = (stage) => {
  const { layout, palette, pcm, spec } = stage
  const { visual, unitPx } = layout
  const timing = { frameRate: spec.frameRate, frameCount: stage.frameCount }
  const spectrum = createSpectrumTrack(pcm, timing, HALF_BARS)
  const x = visual.x + visual.width / 2
  const y = visual.y + visual.height / 2
  const radius = layout.cover.width / 2
  const inner = radius * (1 + PULSE) + 10 * unitPx
  const lineWidth = ((Math.PI * inner) / HALF_BARS) * 0.56
  const reach = visual.width / 2 - inner - lineWidth * 1.5
  const disc = roundCover(stage)
  const glow = glowSprite(stage)

  const rainbow = (ctx: SKRSContext2D) => {
    const colors = ctx.createRadialGradient(x, y, inner, x, y, inner + reach)
    colors.addColorStop(0, palette.main)
    colors.addColorStop(0.55, palette.companion)
    colors.addColorStop(1, palette.light)
    return colors
  }
  let colors: ReturnType<typeof rainbow> | undefined

  return {
    paintStill: () => undefined,
    paintFrame: (ctx, frame) => {
      colors ??= rainbow(ctx)
      const bass = spectrum.bassAt(frame)
      ctx.globalAlpha = 0.25 + 0.6 * bass
      ctx.drawImage(glow, visual.x, visual.y)
      ctx.globalAlpha = 1
      ctx.strokeStyle = colors
      ctx.lineCap = 'round'
      ctx.lineWidth = lineWidth
      spokes(ctx, spectrum.levelsAt(frame), { x, y, inner, reach, dot: 1 })
      const shown = radius * (1 + PULSE * bass)
      ctx.drawImage(disc, x - shown, y - shown, 2 * shown, 2 * shown)
    },
  }
}
