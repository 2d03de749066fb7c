import type { Canvas } from '@napi-rs/canvas'
import { createCanvas } from '@napi-rs/canvas'

import type { FrameSize } from '../../domain/frame-size.ts'
import type { RenderSpec, Template } from '../../domain/render-spec.ts'
import { frameCount } from '../../domain/render-spec.ts'
import type { Picture } from './artwork.ts'
import { drawnCover, openPicture, paintBackdrop } from './artwork.ts'
import type { Pcm } from './decode-audio.ts'
import { durationSeconds } from './decode-audio.ts'
import { layoutFor } from './layout.ts'
import type { Palette } from './palette.ts'
import { createPalette } from './palette.ts'
import { createProgressLine } from './progress-line.ts'
import type { LayerFactory, Stage } from './stage.ts'
import { barsTemplate } from './templates/bars.ts'
import { radialTemplate } from './templates/radial.ts'
import { waveformTemplate } from './templates/waveform.ts'
import { paintTitles } from './titles.ts'

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

const BYTES_PER_PIXEL = 4

/** The size of a frame of raw RGBA. */
export const frameBytes = ({ widthPx, heightPx }: FrameSize): number =>
  widthPx * heightPx * BYTES_PER_PIXEL

/** A video as pictures: any frame can be drawn at any time and is always the same. */
export interface Scene {
  readonly frameCount: number
  /**
   * Draws a frame as RGBA rows into the target of `frameBytes(spec)`. Let the event loop turn between
   * calls: the canvas frees its buffers there.
   */
  drawFrame(frame: number, target: Uint8Array): void
  /** The canvas with this frame on it, valid until the next call; for pictures. */
  frameCanvas(frame: number): Canvas
}

const createStage = (
  { spec, pcm }: SceneInput,
  palette: Palette,
  picture: Picture | undefined,
): Stage => ({
  spec,
  layout: layoutFor(spec.template, spec),
  palette,
  pcm,
  frameCount: frameCount(durationSeconds(pcm), spec.frameRate),
  cover: picture ?? drawnCover(palette),
})

/**
 * Prepares a video: everything that stands still is painted here, once. Per frame the still picture
 * is put back whole (that costs half of what clipping to the moving parts does) and painted over.
 */
export const createScene = async (input: SceneInput): Promise<Scene> => {
  const { widthPx, heightPx } = input.spec
  const palette = createPalette(input.spec.accentColor)
  const background = input.background && (await openPicture(input.background))
  const cover = input.cover && (await openPicture(input.cover))
  const stage = createStage(input, palette, cover ?? background)
  const layers = [TEMPLATE_LAYERS[input.spec.template](stage), createProgressLine(stage)]

  const still = createCanvas(widthPx, heightPx)
  const stillCtx = still.getContext('2d')
  paintBackdrop(stillCtx, input.spec, { background, cover, palette })
  for (const layer of layers) layer.paintStill(stillCtx)
  paintTitles(stillCtx, stage)

  const canvas = createCanvas(widthPx, heightPx)
  const ctx = canvas.getContext('2d')
  const frameCanvas = (frame: number): Canvas => {
    ctx.drawImage(still, 0, 0)
    for (const layer of layers) layer.paintFrame(ctx, frame)
    return canvas
  }

  return {
    frameCount: stage.frameCount,
    frameCanvas,
    drawFrame: (frame, target) => {
      const pixels = frameCanvas(frame).data()
      target.set(pixels)
      // Gives the memory back at once. Left to the garbage collector, frames of megabytes pile up to
      // a gigabyte, and taking fresh pages for each costs several times what drawing does.
      ;(pixels.buffer as ArrayBuffer).transfer(0)
    },
  }
}
