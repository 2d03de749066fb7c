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

/** A sleeve for songs without a cover: a record in the accent colour. */
export const drawnCover = (palette: Palette): Canvas => {
  const size = 900
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
  const middle = size / 2
  ctx.fillStyle = 'rgba(14,12,20,0.9)'
  ctx.beginPath()
  ctx.arc(middle, middle, size * 0.39, 0, 2 * Math.PI)
  ctx.fill()
  for (let ring = 0; ring < 26; ring += 1) {
    ctx.strokeStyle = `rgba(255,255,255,${ring % 4 === 0 ? 0.1 : 0.045})`
    ctx.lineWidth = 2
    ctx.beginPath()
    ctx.arc(middle, middle, size * (0.165 + ring * 0.0085), 0, 2 * Math.PI)
    ctx.stroke()
  }
  const shine = ctx.createConicGradient(-0.6, middle, middle)
  for (const [offset, alpha] of [
    [0, 0],
    [0.08, 0.2],
    [0.16, 0],
    [0.5, 0],
    [0.58, 0.16],
    [0.66, 0],
    [1, 0],
  ] as const) {
    shine.addColorStop(offset, `rgba(255,255,255,${alpha})`)
  }
  ctx.fillStyle = shine
  ctx.beginPath()
  ctx.arc(middle, middle, size * 0.385, 0, 2 * Math.PI)
  ctx.fill()
  ctx.fillStyle = sky
  ctx.beginPath()
  ctx.arc(middle, middle, size * 0.145, 0, 2 * Math.PI)
  ctx.fill()
  ctx.fillStyle = 'rgba(14,12,20,0.95)'
  ctx.beginPath()
  ctx.arc(middle, middle, size * 0.018, 0, 2 * Math.PI)
  ctx.fill()
  return canvas
}

const BLUR_WORK_PX = 240

/** Blurred at a small size and scaled up: the same look for a hundredth of the work. */
const blurred = (picture: Picture, { widthPx, heightPx }: FrameSize): Canvas => {
  const scale = BLUR_WORK_PX / Math.max(widthPx, heightPx)
  const small = { widthPx: Math.ceil(widthPx * scale), heightPx: Math.ceil(heightPx * scale) }
  const margin = 40
  const source = createCanvas(small.widthPx + 2 * margin, small.heightPx + 2 * margin)
  // Larger than the frame, or the blur would draw darkness in from beyond the edges.
  drawCovering(source.getContext('2d'), picture, { widthPx: source.width, heightPx: source.height })
  const result = createCanvas(small.widthPx, small.heightPx)
  const ctx = result.getContext('2d')
  ctx.filter = 'blur(9px) saturate(1.35)'
  ctx.drawImage(source, -margin, -margin)
  return result
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
  pictures: { background: Picture | undefined; cover: Picture; palette: Palette },
): void => {
  const { widthPx, heightPx } = size
  ctx.fillStyle = '#0b0a12'
  ctx.fillRect(0, 0, widthPx, heightPx)
  if (pictures.background) {
    drawCovering(ctx, pictures.background, size)
    shade(ctx, size, 0.5)
  } else {
    ctx.imageSmoothingQuality = 'high'
    ctx.drawImage(blurred(pictures.cover, size), 0, 0, widthPx, heightPx)
    shade(ctx, size, 0.46)
  }
  // A breath of the accent ties picture and bars together.
  ctx.globalCompositeOperation = 'soft-light'
  ctx.fillStyle = pictures.palette.glow(0.22)
  ctx.fillRect(0, 0, widthPx, heightPx)
  ctx.globalCompositeOperation = 'source-over'
  addGrain(ctx, size)
}
