import type { FrameSize } from '../frame-size.ts'
import type { CaptionPreset, CaptionStyle } from '../generation/job-params.ts'

/** How captions look in one picture: all sizes are pixels of it. Colours are `#rrggbb[aa]`. */
export interface CaptionLook {
  readonly fontFamily: string
  readonly sizePx: number
  readonly isBold: boolean
  readonly color: string
  readonly outlineColor: string
  readonly outlinePx: number
  readonly shadowPx: number
  /** Null: no box behind the lines. */
  readonly boxColor: string | null
  readonly boxPaddingPx: number
  readonly alignment: 'top' | 'middle' | 'bottom'
  /** From the edge that the lines are aligned to. */
  readonly marginVerticalPx: number
  readonly marginLeftPx: number
  readonly marginRightPx: number
  /** What happens to the word that is being spoken. */
  readonly highlight: 'none' | 'color' | 'scale' | 'glow'
  readonly activeColor: string
  readonly activeScale: number
  /** Of the spaces between words: a word that grows needs room. */
  readonly spaceScale: number
  readonly linesMax: number
  readonly wordsMax: number
}

interface Preset extends Required<
  Omit<CaptionStyle, 'preset' | 'marginV' | 'backgroundColor' | 'inactiveWordColor'>
> {
  readonly backgroundColor: string | null
  readonly shadow: number
  /** Of the height: between lines and edge in pictures that lie, and in those that stand. */
  readonly marginLying: number
  readonly marginStanding: number
  readonly wordsMax: number
}

/**
 * What apps lay over pictures that stand: names and texts cover the lowest fifth and a half, buttons a
 * strip at the right. Captions stay out of both; on the left they leave as much, to be in the middle.
 */
const STANDING_MARGIN = 0.27
const STANDING_SIDE = 120
/** Title-safe: what screens are sure to show. */
const LYING_SIDE = 96

const BASE: Preset = {
  fontFamily: 'Inter',
  fontSize: 56,
  fontWeight: 700,
  color: '#ffffff',
  outlineColor: '#000000',
  outlineWidth: 3,
  backgroundColor: null,
  padding: 16,
  alignment: 'bottom',
  marginL: LYING_SIDE,
  marginR: LYING_SIDE,
  highlightActiveWord: false,
  activeWordColor: '#ffffff',
  animationStyle: 'none',
  activeWordScale: 1.12,
  shadow: 0,
  marginLying: 0.08,
  marginStanding: STANDING_MARGIN,
  wordsMax: 14,
}

const PRESETS: Record<CaptionPreset, Preset> = {
  tiktok: {
    ...BASE,
    fontSize: 84,
    outlineWidth: 7,
    highlightActiveWord: true,
    activeWordColor: '#ffe13a',
    animationStyle: 'scale',
    wordsMax: 6,
  },
  youtube: {
    ...BASE,
    fontSize: 50,
    fontWeight: 500,
    outlineWidth: 0,
    backgroundColor: '#000000c0',
    padding: 14,
    marginLying: 0.06,
  },
  story: {
    ...BASE,
    fontSize: 66,
    outlineWidth: 0,
    backgroundColor: '#101018b8',
    padding: 24,
    alignment: 'middle',
    highlightActiveWord: true,
    activeWordColor: '#ff8ad4',
    animationStyle: 'color',
    marginLying: 0,
    marginStanding: 0,
    wordsMax: 9,
  },
  minimal: { ...BASE, fontSize: 46, fontWeight: 500, outlineWidth: 0, shadow: 2.5 },
  cinematic: {
    ...BASE,
    fontSize: 48,
    fontWeight: 500,
    color: '#f6f1e0',
    outlineWidth: 2,
    shadow: 2,
    marginLying: 0.05,
  },
}

/** Sizes are given for a picture whose shorter side has so many pixels. */
const REFERENCE_SIDE_PX = 1080
const LINES_MAX = 2
const GROWING_SPACE = 1.45

/** The style of captions in a picture of a size. */
export const captionLook = (style: CaptionStyle, frame: FrameSize): CaptionLook => {
  const preset = PRESETS[style.preset]
  const merged = { ...preset, ...style }
  const unit = Math.min(frame.widthPx, frame.heightPx) / REFERENCE_SIDE_PX
  const stands = frame.heightPx > frame.widthPx * 1.2
  const margin = (stands ? preset.marginStanding : preset.marginLying) * frame.heightPx
  const side = (own: number | undefined): number =>
    (own ?? (stands ? STANDING_SIDE : LYING_SIDE)) * unit
  const isLit = merged.highlightActiveWord && merged.animationStyle !== 'none'
  const isColored = merged.highlightActiveWord && merged.animationStyle === 'none'
  return {
    fontFamily: merged.fontFamily,
    sizePx: merged.fontSize * unit,
    isBold: merged.fontWeight >= 600,
    color:
      style.inactiveWordColor && merged.highlightActiveWord
        ? style.inactiveWordColor
        : merged.color,
    outlineColor: merged.outlineColor,
    outlinePx: merged.outlineWidth * unit,
    shadowPx: preset.shadow * unit,
    boxColor: merged.backgroundColor,
    boxPaddingPx: merged.padding * unit,
    alignment: merged.alignment,
    marginVerticalPx: style.marginV === undefined ? margin : style.marginV * unit,
    marginLeftPx: side(style.marginL),
    marginRightPx: side(style.marginR),
    highlight: isLit ? merged.animationStyle : isColored ? 'color' : 'none',
    activeColor: merged.activeWordColor,
    activeScale: merged.activeWordScale,
    spaceScale: isLit && merged.animationStyle === 'scale' ? GROWING_SPACE : 1,
    linesMax: LINES_MAX,
    wordsMax: preset.wordsMax,
  }
}
