import type { FrameSize } from '../../domain/frame-size.ts'
import type { Template } from '../../domain/render-spec.ts'

export interface Rect {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** Where everything of a template stands in a frame, in pixels. */
export interface Layout {
  /** One unit is a pixel at a short side of 720. */
  readonly unitPx: number
  /** Nothing that must be seen leaves this. */
  readonly safe: Rect
  /** The cover: a square. */
  readonly cover: Rect
  readonly text: Rect
  readonly align: 'left' | 'center'
  readonly titlePx: number
  /** What moves with the music. */
  readonly visual: Rect
  /** The progress line; the times stand below it. */
  readonly progress: Rect
}

const REFERENCE_SHORT_SIDE_PX = 720
const TIMES_HEIGHT = 34
const LINE_HEIGHT = 5

/** Phones lay their own buttons over the top and the bottom of an upright full-screen video. */
const STORY_TOP = 0.12
const STORY_BOTTOM = 0.18

type Shape = 'wide' | 'square' | 'portrait' | 'story'

const shapeOf = ({ widthPx, heightPx }: FrameSize): Shape => {
  const aspect = widthPx / heightPx
  if (aspect > 1.2) return 'wide'
  if (aspect > 0.9) return 'square'
  return aspect > 0.7 ? 'portrait' : 'story'
}

const safeArea = ({ widthPx, heightPx }: FrameSize, shape: Shape, unitPx: number): Rect => {
  const side = (shape === 'wide' ? 84 : 52) * unitPx
  const top = shape === 'story' ? heightPx * STORY_TOP : 52 * unitPx
  const bottom = shape === 'story' ? heightPx * STORY_BOTTOM : 44 * unitPx
  return { x: side, y: top, width: widthPx - 2 * side, height: heightPx - top - bottom }
}

const bottomOf = (rect: Rect): number => rect.y + rect.height

const progressLine = (safe: Rect, unitPx: number): Rect => ({
  x: safe.x,
  y: bottomOf(safe) - (TIMES_HEIGHT + LINE_HEIGHT) * unitPx,
  width: safe.width,
  height: LINE_HEIGHT * unitPx,
})

const centredSquare = (safe: Rect, y: number, size: number): Rect => ({
  x: safe.x + (safe.width - size) / 2,
  y,
  width: size,
  height: size,
})

type Base = Pick<Layout, 'unitPx' | 'safe' | 'progress'>

/** Cover over text over the moving part: for everything that is not wider than high. */
const stacked = (
  base: Base,
  part: { text: number; visual: number; gap: number; titlePx: number; coverMax: number },
): Layout => {
  const { safe, unitPx, progress } = base
  const gap = part.gap * unitPx
  const textHeight = part.text * unitPx
  const visualHeight = part.visual * unitPx
  const free = progress.y - safe.y - textHeight - visualHeight - 3 * gap
  const size = Math.min(free, safe.width * part.coverMax)
  const top = safe.y + Math.max(0, free - size) / 2
  const cover = centredSquare(safe, top, size)
  const text = { ...safe, y: bottomOf(cover) + gap, height: textHeight }
  const visual = { ...safe, y: bottomOf(text) + gap, height: visualHeight }
  return { ...base, cover, text, align: 'center', titlePx: part.titlePx * unitPx, visual }
}

const barsLayout = (base: Base, shape: Shape): Layout => {
  const { safe, unitPx: u, progress } = base
  if (shape === 'square') {
    return stacked(base, { text: 122, visual: 150, gap: 18, titlePx: 44, coverMax: 0.8 })
  }
  if (shape === 'portrait') {
    return stacked(base, { text: 150, visual: 190, gap: 24, titlePx: 52, coverMax: 0.8 })
  }
  if (shape === 'story') {
    return stacked(base, { text: 176, visual: 210, gap: 32, titlePx: 58, coverMax: 0.86 })
  }
  const cover = { x: safe.x, y: safe.y + 8 * u, width: 300 * u, height: 300 * u }
  const textX = cover.x + cover.width + 48 * u
  return {
    ...base,
    cover,
    text: { x: textX, y: cover.y, width: safe.x + safe.width - textX, height: cover.height },
    align: 'left',
    titlePx: 68 * u,
    visual: { ...safe, y: bottomOf(cover) + 28 * u, height: progress.y - bottomOf(cover) - 56 * u },
  }
}

/** The visual is a square around the round cover. */
const radialLayout = (base: Base, shape: Shape): Layout => {
  const { safe, unitPx: u, progress } = base
  const round = (visual: Rect): Pick<Layout, 'visual' | 'cover'> => {
    const size = visual.width * 0.54
    const inset = (visual.width - size) / 2
    return {
      visual,
      cover: { x: visual.x + inset, y: visual.y + inset, width: size, height: size },
    }
  }
  if (shape === 'wide') {
    const size = safe.height + 24 * u
    const visual = { x: safe.x - 24 * u, y: safe.y - 16 * u, width: size, height: size }
    const x = visual.x + size + 36 * u
    const width = safe.x + safe.width - x
    return {
      ...base,
      ...round(visual),
      text: { x, y: safe.y + 96 * u, width, height: 330 * u },
      align: 'left',
      titlePx: 64 * u,
      progress: { ...progress, x, width, y: safe.y + 470 * u },
    }
  }
  const textHeight = { square: 116, portrait: 160, story: 190 }[shape] * u
  const gap = { square: 12, portrait: 22, story: 30 }[shape] * u
  const free = progress.y - safe.y - textHeight - 2 * gap
  const size = Math.min(free, safe.width + 40 * u)
  const visual = centredSquare(safe, safe.y + (free - size) / 2 - 4 * u, size)
  return {
    ...base,
    ...round(visual),
    text: { ...safe, y: bottomOf(visual) + gap, height: textHeight },
    align: 'center',
    titlePx: { square: 42, portrait: 52, story: 58 }[shape] * u,
  }
}

/** The visual runs from edge to edge of the frame. */
const waveformLayout = (base: Base, shape: Shape, widthPx: number): Layout => {
  const { safe, unitPx: u, progress } = base
  const edgeToEdge = (rect: Rect): Rect => ({ ...rect, x: 0, width: widthPx })
  if (shape === 'wide' || shape === 'square') {
    const size = (shape === 'wide' ? 168 : 148) * u
    const cover = { x: safe.x, y: progress.y - size - 34 * u, width: size, height: size }
    const x = cover.x + size + (shape === 'wide' ? 36 : 26) * u
    const top = safe.y + 4 * u
    return {
      ...base,
      cover,
      text: { x, y: cover.y, width: safe.x + safe.width - x, height: size },
      align: 'left',
      titlePx: (shape === 'wide' ? 54 : 42) * u,
      visual: edgeToEdge({ ...safe, y: top, height: cover.y - top - 36 * u }),
    }
  }
  const part =
    shape === 'portrait'
      ? { text: 146, visual: 210, gap: 24, titlePx: 50, coverMax: 0.7 }
      : { text: 176, visual: 250, gap: 32, titlePx: 58, coverMax: 0.78 }
  const layout = stacked(base, part)
  return { ...layout, visual: edgeToEdge(layout.visual) }
}

const wholePixels = (rect: Rect): Rect => ({
  x: Math.round(rect.x),
  y: Math.round(rect.y),
  width: Math.round(rect.width),
  height: Math.round(rect.height),
})

const layoutByTemplate = (template: Template, size: FrameSize): Layout => {
  const unitPx = Math.min(size.widthPx, size.heightPx) / REFERENCE_SHORT_SIDE_PX
  const shape = shapeOf(size)
  const safe = safeArea(size, shape, unitPx)
  const base = { unitPx, safe, progress: progressLine(safe, unitPx) }
  switch (template) {
    case 'spectrum-bars':
      return barsLayout(base, shape)
    case 'radial':
      return radialLayout(base, shape)
    case 'waveform':
      return waveformLayout(base, shape, size.widthPx)
  }
}

/** The layout of a template in a frame of this size, in whole pixels: edges stay crisp. */
export const layoutFor = (template: Template, size: FrameSize): Layout => {
  const layout = layoutByTemplate(template, size)
  return {
    ...layout,
    safe: wholePixels(layout.safe),
    cover: wholePixels(layout.cover),
    text: wholePixels(layout.text),
    visual: wholePixels(layout.visual),
    progress: wholePixels(layout.progress),
  }
}
