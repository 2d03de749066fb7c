import type { Canvas, Image, SKRSContext2D } from '@napi-rs/canvas'
import { createCanvas, loadImage } from '@napi-rs/canvas'

import type { FrameSize } from '../../domain/frame-size.ts'
import type { Palette } from './palette.ts'

export type Picture = Image | Canvas

/** The PNG bytes that `readPicture` gives. */
export const openPicture = (png: Uint8Array): Promise<Image> => loadImage(Buffer.from(png))

/** Fills the target with the middle of the picture, without distorting it. */
export const drawCovering = (
  ctx: SKRSContext2D,
  picture: Picture,
  { widthPx, heightPx }: FrameSize,
): void => {
  const scale = Math.max(widthPx / picture.width, heightPx / picture.height)
  const width = picture.width * scale
  const height = picture.height * scale
  ctx.imageSmoothingEnabled = true
  ctx.imageSmoothingQuality = 'high'
  ctx.drawImage(picture, (widthPx - width) / 2, (heightPx - height) / 2, width, height)
}

const disc = (
  ctx: SKRSContext2D,
  { x, y, radius }: { x: number; y: number; radius: number },
  stops: readonly (readonly [number, string])[],
): void => {
  const gradient = ctx.createRadialGradient(x, y, 0, x, y, radius)
  for (const [offset, color] of stops) gradient.addColorStop(offset, color)
  ctx.fillStyle = gradient
  ctx.fillRect(x - radius, y - radius, 2 * radius, 2 * radius)
}

const DRAWN_SIZE_PX = 900

/** Two streaks of light across the grooves: share of the turn, strength. */
const RECORD_SHINE = [
  [0, 0],
  [0.08, 0.2],
  [0.16, 0],
  [0.5, 0],
  [0.58, 0.16],
  [0.66, 0],
  [1, 0],
] as const

/** Light in the accent colour: the backdrop of songs without any picture. */
const drawnSleeve = (palette: Palette): Canvas => {
  const size = DRAWN_SIZE_PX
  const canvas = createCanvas(size, size)
  const ctx = canvas.getContext('2d')
  const sky = ctx.createLinearGradient(0, 0, size, size)
  sky.addColorStop(0, palette.companion)
  sky.addColorStop(0.45, palette.main)
  sky.addColorStop(1, palette.deep)
  ctx.fillStyle = sky
  ctx.fillRect(0, 0, size, size)
  disc(ctx, { x: size * 0.2, y: size * 0.1, radius: size * 0.8 }, [
    [0, 'rgba(255,255,255,0.35)'],
    [1, 'rgba(255,255,255,0)'],
  ])
  disc(ctx, { x: size * 0.9, y: size * 0.85, radius: size * 0.7 }, [
    [0, 'rgba(10,6,30,0.55)'],
    [1, 'rgba(10,6,30,0)'],
  ])
  return canvas
}

/** A cover for songs without one: a record on its sleeve. */
export const drawnCover = (palette: Palette): Canvas => {
  const size = DRAWN_SIZE_PX
  const canvas = drawnSleeve(palette)
  const ctx = canvas.getContext('2d')
  const middle = size / 2
  const circle = (radius: number): void => {
    ctx.beginPath()
    ctx.arc(middle, middle, size * radius, 0, 2 * Math.PI)
  }
  const fillCircle = (radius: number, style: SKRSContext2D['fillStyle']): void => {
    ctx.fillStyle = style
    circle(radius)
    ctx.fill()
  }
  fillCircle(0.39, 'rgba(14,12,20,0.92)')
  ctx.lineWidth = 2
  for (let groove = 0; groove < 26; groove += 1) {
    ctx.strokeStyle = `rgba(255,255,255,${groove % 4 === 0 ? 0.1 : 0.045})`
    circle(0.165 + groove * 0.0085)
    ctx.stroke()
  }
  const shine = ctx.createConicGradient(-0.6, middle, middle)
  for (const [offset, alpha] of RECORD_SHINE) {
    shine.addColorStop(offset, `rgba(255,255,255,${alpha})`)
  }
  fillCircle(0.385, shine)
  fillCircle(0.145, palette.main)
  fillCircle(0.018, 'rgba(14,12,20,0.95)')
  return canvas
}

const BLUR_WORK_PX = 240
/** Beyond the frame on every side, or the blur would draw darkness in from there. */
const BLUR_MARGIN_PX = 40

/** What the backdrop should be on average before it is darkened, so that bars and text stand out. */
const EXPOSURE_TARGET = 0.34
const EXPOSURE_MAX = 2.4

/** Mean brightness of a small canvas, 0 to 1. */
const meanLuma = (canvas: Canvas): number => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
  let sum = 0
  for (let index = 0; index < data.length; index += 4) {
    const [red = 0, green = 0, blue = 0] = data.subarray(index, index + 3)
    sum += 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }
  return sum / (data.length / 4) / 255
}

/** Blurred at a small size and scaled up: the same look for a hundredth of the work. */
const paintBlurred = (
  ctx: SKRSContext2D,
  picture: Picture,
  { widthPx, heightPx }: FrameSize,
): void => {
  const scale = BLUR_WORK_PX / Math.max(widthPx, heightPx)
  const small = {
    widthPx: Math.ceil(widthPx * scale) + 2 * BLUR_MARGIN_PX,
    heightPx: Math.ceil(heightPx * scale) + 2 * BLUR_MARGIN_PX,
  }
  const source = createCanvas(small.widthPx, small.heightPx)
  drawCovering(source.getContext('2d'), picture, small)
  const result = createCanvas(small.widthPx, small.heightPx)
  const exposure = Math.min(EXPOSURE_MAX, EXPOSURE_TARGET / Math.max(0.01, meanLuma(source)))
  const blurring = result.getContext('2d')
  blurring.filter = `blur(9px) saturate(1.3) brightness(${exposure.toFixed(3)})`
  blurring.drawImage(source, 0, 0)
  ctx.imageSmoothingEnabled = true
  ctx.imageSmoothingQuality = 'high'
  ctx.drawImage(
    result,
    ...([-BLUR_MARGIN_PX / scale, -BLUR_MARGIN_PX / scale] as const),
    ...([small.widthPx / scale, small.heightPx / scale] as const),
  )
}

/**
 * A dark gradient has fewer shades than pixels and shows steps; a grain of one shade hides them. The
 * generator is fixed, so the grain is the same in every render.
 */
const addGrain = (ctx: SKRSContext2D, { widthPx, heightPx }: FrameSize): void => {
  const image = ctx.getImageData(0, 0, widthPx, heightPx)
  const { data } = image
  let seed = 0x2f6e2b1
  for (let index = 0; index < data.length; index += 4) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
    const grain = (seed >>> 30) - 1.5
    data[index] = (data[index] ?? 0) + grain
    data[index + 1] = (data[index + 1] ?? 0) + grain
    data[index + 2] = (data[index + 2] ?? 0) + grain
  }
  ctx.putImageData(image, 0, 0)
}

const shade = (ctx: SKRSContext2D, { widthPx, heightPx }: FrameSize, strength: number): void => {
  ctx.fillStyle = `rgba(8,7,14,${strength})`
  ctx.fillRect(0, 0, widthPx, heightPx)
  const falling = ctx.createLinearGradient(0, 0, 0, heightPx)
  falling.addColorStop(0, 'rgba(8,7,14,0.12)')
  falling.addColorStop(0.45, 'rgba(8,7,14,0)')
  falling.addColorStop(1, 'rgba(8,7,14,0.5)')
  ctx.fillStyle = falling
  ctx.fillRect(0, 0, widthPx, heightPx)
  const reach = Math.hypot(widthPx, heightPx) / 2
  const vignette = ctx.createRadialGradient(
    widthPx / 2,
    heightPx / 2,
    reach * 0.45,
    widthPx / 2,
    heightPx / 2,
    reach,
  )
  vignette.addColorStop(0, 'rgba(4,3,8,0)')
  vignette.addColorStop(1, 'rgba(4,3,8,0.5)')
  ctx.fillStyle = vignette
  ctx.fillRect(0, 0, widthPx, heightPx)
}

/** Behind everything: the chosen background as it is, else the cover as a blur; dark either way. */
export const paintBackdrop = (
  ctx: SKRSContext2D,
  size: FrameSize,
  pictures: { background: Picture | undefined; cover: Picture | undefined; palette: Palette },
): void => {
  const { widthPx, heightPx } = size
  ctx.fillStyle = '#0b0a12'
  ctx.fillRect(0, 0, widthPx, heightPx)
  if (pictures.background) {
    drawCovering(ctx, pictures.background, size)
    shade(ctx, size, 0.5)
  } else {
    paintBlurred(ctx, pictures.cover ?? drawnSleeve(pictures.palette), size)
    shade(ctx, size, 0.42)
  }
  // A breath of the accent ties picture and bars together.
  ctx.globalCompositeOperation = 'soft-light'
  ctx.fillStyle = pictures.palette.glow(0.22)
  ctx.fillRect(0, 0, widthPx, heightPx)
  ctx.globalCompositeOperation = 'source-over'
  addGrain(ctx, size)
}
