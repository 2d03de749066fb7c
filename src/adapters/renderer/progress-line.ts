import type { SKRSContext2D } from '@napi-rs/canvas'

import { fontFamilies } from './fonts.ts'
import type { LayerFactory } from './stage.ts'

/** `m:ss`, or `h:mm:ss` from an hour on. */
const clockTime = (seconds: number): string => {
  const whole = Math.floor(seconds)
  const parts = [Math.floor(whole / 60) % 60, whole % 60].map(String)
  const [minutes = '0', rest = '0'] = parts
  const hours = Math.floor(whole / 3600)
  return hours > 0
    ? `${hours}:${minutes.padStart(2, '0')}:${rest.padStart(2, '0')}`
    : `${minutes}:${rest.padStart(2, '0')}`
}

/** The thin line that fills as the song plays, with the time gone by and the whole time below. */
export const createProgressLine: LayerFactory = ({ layout, palette, spec, frameCount }) => {
  const { unitPx, progress } = layout
  const fontPx = 18 * unitPx
  const textY = progress.y + progress.height + 12 * unitPx + fontPx * 0.72
  const font = `500 ${fontPx}px ${fontFamilies('0')}`
  const totalSeconds = frameCount / spec.frameRate
  const radius = progress.height / 2
  const knob = 7 * unitPx

  const fillLine = (ctx: SKRSContext2D, width: number): void => {
    ctx.beginPath()
    ctx.roundRect(progress.x, progress.y, width, progress.height, radius)
    ctx.fill()
  }
  const write = (ctx: SKRSContext2D, text: string, align: 'left' | 'right'): void => {
    ctx.font = font
    ctx.direction = 'ltr'
    ctx.textAlign = align
    ctx.textBaseline = 'alphabetic'
    ctx.fillStyle = 'rgba(255,255,255,0.72)'
    ctx.fillText(text, progress.x + (align === 'right' ? progress.width : 0), textY)
  }
  const gradient = (ctx: SKRSContext2D) => {
    const colors = ctx.createLinearGradient(progress.x, 0, progress.x + progress.width, 0)
    colors.addColorStop(0, palette.main)
    colors.addColorStop(1, palette.companion)
    return colors
  }
  let colors: ReturnType<typeof gradient> | undefined

  return {
    paintStill: (ctx) => {
      ctx.fillStyle = 'rgba(255,255,255,0.2)'
      fillLine(ctx, progress.width)
      write(ctx, clockTime(totalSeconds), 'right')
    },
    paintFrame: (ctx, frame) => {
      const ratio = frameCount > 1 ? frame / (frameCount - 1) : 1
      const reached = progress.width * ratio
      colors ??= gradient(ctx)
      ctx.fillStyle = colors
      fillLine(ctx, Math.max(reached, progress.height))
      ctx.fillStyle = '#ffffff'
      ctx.beginPath()
      ctx.arc(progress.x + Math.max(reached, radius), progress.y + radius, knob, 0, 2 * Math.PI)
      ctx.fill()
      write(ctx, clockTime(Math.min(frame / spec.frameRate, totalSeconds)), 'left')
    },
  }
}
