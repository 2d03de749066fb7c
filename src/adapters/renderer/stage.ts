import type { SKRSContext2D } from '@napi-rs/canvas'

import type { RenderSpec } from '../../domain/render-spec.ts'
import type { Picture } from './artwork.ts'
import type { Pcm } from './decode-audio.ts'
import type { Layout } from './layout.ts'
import type { Palette } from './palette.ts'

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
  paintStill(ctx: SKRSContext2D): void
  paintFrame(ctx: SKRSContext2D, frame: number): void
}

export type LayerFactory = (stage: Stage) => Layer
