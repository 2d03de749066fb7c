import type { Canvas, SKRSContext2D } from '@napi-rs/canvas'
import { createCanvas } from '@napi-rs/canvas'

import type { RenderSpec, Template } from '../../domain/render-spec.ts'
import { frameCount } from '../../domain/render-spec.ts'
import type { Picture } from './artwork.ts'
import { drawnCover, openPicture, paintBackdrop } from './artwork.ts'
import type { Pcm } from './decode-audio.ts'
import { durationSeconds } from './decode-audio.ts'
import type { Layout, Rect } from './layout.ts'
import { layoutFor } from './layout.ts'
import type { Palette } from './palette.ts'
import { createPalette } from './palette.ts'
import { createProgressLine } from './progress-line.ts'
import { barsTemplate } from './templates/bars.ts'
import { radialTemplate } from './templates/radial.ts'
import { waveformTemplate } from './templates/waveform.ts'
import { paintTitles } from './titles.ts'

/** What a template draws with. */
export interface Stage {
  readonly spec: RenderSpec
  readonly layout: Layout
  readonly palette: Palette
  readonly pcm: Pcm
  readonly frameCount: number
  readonly cover: Picture
}

/** A part of the picture: what stands still is painted once, what moves is painted per frame. */
export interface Layer {
  /** Everything that `paintFrame` may touch. */
  readonly areas: readonly Rect[]
  paintStill(ctx: SKRSContext2D): void
  paintFrame(ctx: SKRSContext2D, frame: number): void
}

export type LayerFactory = (stage: Stage) => Layer

const TEMPLATE_LAYERS: Record<Template, LayerFactory> = {
  'spectrum-bars': barsTemplate,
  radial: radialTemplate,
  waveform: waveformTemplate,
}

export interface SceneInput {
  readonly spec: RenderSpec
  readonly pcm: Pcm
  /** PNG bytes. */
  readonly cover?: Uint8Array | undefined
  readonly background?: Uint8Array | undefined
}

/** A video as pictures: any frame can be drawn at any time and is always the same. */
export interface Scene {
  readonly frameCount: number
  readonly frameBytes: number
  /** Draws a frame as RGBA rows into the target, which must hold `frameBytes`. */
  drawFrame(frame: number, target: Uint8Array): void
  /** The canvas with this frame on it, valid until the next call; for pictures. */
  frameCanvas(frame: number): Canvas
}

const BYTES_PER_PIXEL = 4

/** Whole pixels, inside the frame, so that copying a region back leaves no seam. */
const toPixels = (rect: Rect, { widthPx, heightPx }: RenderSpec): Rect => {
  const x = Math.max(0, Math.floor(rect.x))
  const y = Math.max(0, Math.floor(rect.y))
  return {
    x,
    y,
    width: Math.min(widthPx, Math.ceil(rect.x + rect.width)) - x,
    height: Math.min(heightPx, Math.ceil(rect.y + rect.height)) - y,
  }
}

const copyRows = (
  source: Uint8ClampedArray,
  area: Rect,
  target: Uint8Array,
  frameWidthPx: number,
): void => {
  const rowBytes = area.width * BYTES_PER_PIXEL
  for (let row = 0; row < area.height; row += 1) {
    target.set(
      source.subarray(row * rowBytes, (row + 1) * rowBytes),
      ((area.y + row) * frameWidthPx + area.x) * BYTES_PER_PIXEL,
    )
  }
}

const createStage = async (input: SceneInput): Promise<Stage & { background?: Picture }> => {
  const { spec, pcm } = input
  const palette = createPalette(spec.accentColor)
  const background = input.background && (await openPicture(input.background))
  const cover = input.cover ? await openPicture(input.cover) : (background ?? drawnCover(palette))
  return {
    spec,
    layout: layoutFor(spec.template, spec),
    palette,
    pcm,
    frameCount: frameCount(durationSeconds(pcm), spec.frameRate),
    cover,
    ...(background ? { background } : {}),
  }
}

/**
 * Prepares a video: everything that stands still is painted here, once. Per frame only the moving
 * areas are put back, painted and read out; the rest of a frame is a copy of the still picture.
 */
export const createScene = async (input: SceneInput): Promise<Scene> => {
  const stage = await createStage(input)
  const { widthPx, heightPx } = input.spec
  const layers = [TEMPLATE_LAYERS[input.spec.template](stage), createProgressLine(stage)]
  const areas = layers.flatMap((layer) => layer.areas.map((area) => toPixels(area, input.spec)))

  const still = createCanvas(widthPx, heightPx)
  const stillCtx = still.getContext('2d')
  const { background, cover, palette } = stage
  paintBackdrop(stillCtx, input.spec, { background, cover, palette })
  for (const layer of layers) layer.paintStill(stillCtx)
  paintTitles(stillCtx, stage)
  const stillBytes = new Uint8Array(stillCtx.getImageData(0, 0, widthPx, heightPx).data)

  const canvas = createCanvas(widthPx, heightPx)
  const ctx = canvas.getContext('2d')
  ctx.drawImage(still, 0, 0)

  const paint = (frame: number): void => {
    ctx.save()
    ctx.beginPath()
    for (const { x, y, width, height } of areas) ctx.rect(x, y, width, height)
    ctx.clip()
    ctx.drawImage(still, 0, 0)
    for (const layer of layers) layer.paintFrame(ctx, frame)
    ctx.restore()
  }

  return {
    frameCount: stage.frameCount,
    frameBytes: stillBytes.byteLength,
    drawFrame: (frame, target) => {
      paint(frame)
      target.set(stillBytes)
      for (const area of areas) {
        const image = ctx.getImageData(area.x, area.y, area.width, area.height)
        copyRows(image.data, area, target, widthPx)
      }
    },
    frameCanvas: (frame) => {
      paint(frame)
      return canvas
    },
  }
}
