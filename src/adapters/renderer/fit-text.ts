import type { SKRSContext2D } from '@napi-rs/canvas'
import { createCanvas } from '@napi-rs/canvas'

import { fontFamilies } from './fonts.ts'

export interface TextBox {
  readonly widthPx: number
  readonly heightPx: number
}

export interface TextStyle {
  readonly weight: 500 | 700
  /** Where the search for a size begins, and where it gives up and cuts. */
  readonly sizePxMax: number
  readonly sizePxMin: number
  readonly linesMax: number
}

/** A text that was measured to stay inside its box. */
export interface FittedText {
  readonly lines: readonly string[]
  /** For `ctx.font`. */
  readonly font: string
  readonly direction: 'ltr' | 'rtl'
  readonly sizePx: number
  readonly lineHeightPx: number
  /** From the top of a line to its baseline. */
  readonly ascentPx: number
  readonly widthPx: number
  readonly heightPx: number
  /** The text did not fit at the smallest size and ends in an ellipsis. */
  readonly cut: boolean
}

const SIZE_STEP = 0.94
const LINE_HEIGHT = 1.18
const ELLIPSIS = '…'
const LENGTH_MAX = 400
const MARKS_PER_LETTER_MAX = 3

const FIRST_STRONG = /[\p{L}]/u
const RIGHT_TO_LEFT =
  /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u
/** Controls, line ends, and overrides of the direction, which would not survive a line break. */
const UNPRINTABLE = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]+/gu
const STACKED_MARKS = new RegExp(`(\\p{Mn}{${MARKS_PER_LETTER_MAX}})\\p{Mn}+`, 'gu')

/** One line of printable text: a title is never trusted to be one. */
export const cleanText = (text: string): string => {
  const clean = text
    .normalize('NFC')
    .replaceAll(UNPRINTABLE, ' ')
    .replaceAll(STACKED_MARKS, '$1')
    .replaceAll(/\s+/gu, ' ')
    .trim()
  return graphemes(clean).slice(0, LENGTH_MAX).join('')
}

const graphemeSegmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
const wordSegmenter = new Intl.Segmenter(undefined, { granularity: 'word' })

const graphemes = (text: string): string[] =>
  Array.from(graphemeSegmenter.segment(text), ({ segment }) => segment)

/** What may stand alone on a line: words with the punctuation that follows them. */
const breakable = (text: string): string[] => {
  const parts: string[] = []
  for (const { segment, isWordLike } of wordSegmenter.segment(text)) {
    const last = parts.at(-1)
    const opens = /^[\p{Ps}\p{Pi}#@]$/u.test(segment)
    const joins =
      last !== undefined && (/[\p{Ps}\p{Pi}#@\-'’&/]$/u.test(last) || !(isWordLike || opens))
    // A space ends a part; so does every word in scripts that write no spaces.
    if (joins && !(last.endsWith(' ') && segment !== ' ')) parts[parts.length - 1] = last + segment
    else parts.push(segment)
  }
  return parts
}

const firstStrongDirection = (text: string): 'ltr' | 'rtl' => {
  const letter = FIRST_STRONG.exec(text)?.[0]
  return letter !== undefined && RIGHT_TO_LEFT.test(letter) ? 'rtl' : 'ltr'
}

let measuring: SKRSContext2D | undefined

class TextRuler {
  readonly #ctx: SKRSContext2D
  readonly #families: string
  readonly #weight: number
  readonly direction: 'ltr' | 'rtl'

  constructor(text: string, weight: number) {
    measuring ??= createCanvas(8, 8).getContext('2d')
    this.#ctx = measuring
    this.#families = fontFamilies(text + ELLIPSIS)
    this.#weight = weight
    this.direction = firstStrongDirection(text)
  }

  font(sizePx: number): string {
    return `${this.#weight} ${sizePx}px ${this.#families}`
  }

  setSize(sizePx: number): void {
    this.#ctx.font = this.font(sizePx)
    this.#ctx.direction = this.direction
    this.#ctx.textAlign = 'left'
  }

  /** The advance or the ink, whichever is wider: italics and marks stand out of their advance. */
  width(line: string): number {
    const metrics = this.#ctx.measureText(line.trimEnd())
    return Math.max(metrics.width, metrics.actualBoundingBoxLeft + metrics.actualBoundingBoxRight)
  }

  ink(line: string): { ascentPx: number; descentPx: number } {
    const metrics = this.#ctx.measureText(line)
    return {
      ascentPx: metrics.actualBoundingBoxAscent,
      descentPx: metrics.actualBoundingBoxDescent,
    }
  }
}

/** Greedy lines; `undefined` when more are needed or a part is wider than the box. */
const wrap = (
  parts: readonly string[],
  ruler: TextRuler,
  widthPx: number,
  linesMax: number,
): string[] | undefined => {
  const lines: string[] = []
  let line = ''
  for (const part of parts) {
    if (line === '' || ruler.width(line + part) <= widthPx) {
      line += part
    } else {
      lines.push(line)
      line = part
    }
    if (lines.length >= linesMax || ruler.width(line) > widthPx) return undefined
  }
  return [...lines, line].map((each) => each.trim())
}

/** As few lines as before, but of like length: a last line of one word looks lost. */
const balance = (
  parts: readonly string[],
  lines: readonly string[],
  ruler: TextRuler,
  widthPx: number,
): readonly string[] => {
  if (lines.length < 2) return lines
  let best = lines
  for (let share = 0.95; share > 1 / lines.length; share -= 0.05) {
    const narrower = wrap(parts, ruler, widthPx * share, lines.length)
    if (narrower?.length !== lines.length) break
    best = narrower
  }
  return best
}

const setLines = (
  lines: readonly string[],
  ruler: TextRuler,
  sizePx: number,
  cut: boolean,
): FittedText => {
  const inks = lines.map((line) => ruler.ink(line))
  const ascent = Math.max(sizePx * 0.78, ...inks.map(({ ascentPx }) => ascentPx))
  const descent = Math.max(sizePx * 0.22, ...inks.map(({ descentPx }) => descentPx))
  const lineHeightPx = Math.max(sizePx * LINE_HEIGHT, ascent + descent)
  return {
    lines,
    font: ruler.font(sizePx),
    direction: ruler.direction,
    sizePx,
    lineHeightPx,
    ascentPx: ascent + (lineHeightPx - ascent - descent) / 2,
    widthPx: Math.max(...lines.map((line) => ruler.width(line))),
    heightPx: lineHeightPx * lines.length,
    cut,
  }
}

const sizes = (style: TextStyle): number[] => {
  const found: number[] = []
  for (let sizePx = style.sizePxMax; sizePx > style.sizePxMin; sizePx *= SIZE_STEP)
    found.push(sizePx)
  return [...found, style.sizePxMin]
}

/** The longest beginning of a text that fits at the smallest size, and an ellipsis. */
const cutToFit = (
  letters: readonly string[],
  ruler: TextRuler,
  box: TextBox,
  style: TextStyle,
): FittedText => {
  ruler.setSize(style.sizePxMin)
  const widthPerLetter = ruler.width(letters.join('')) / letters.length
  for (let linesMax: number = style.linesMax; ; linesMax -= 1) {
    let low = 0
    // Some letters are narrower than the average, but not half as wide.
    let high = Math.min(letters.length, Math.ceil((2 * box.widthPx * linesMax) / widthPerLetter))
    let best = [ELLIPSIS]
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      const parts = [...letters.slice(0, middle), ELLIPSIS]
      const lines = wrap(parts, ruler, box.widthPx, linesMax)
      best = lines ?? best
      low = lines ? middle : low
      high = lines ? high : middle - 1
    }
    const fitted = setLines(best, ruler, style.sizePxMin, true)
    if (fitted.heightPx <= box.heightPx || linesMax === 1) return fitted
  }
}

/**
 * Sets a text into a box: wrapped between words and shrunk until it fits; if no size does, broken
 * inside words; an ellipsis comes last. The result is measured, so it is inside the box in any
 * script. `undefined` for a text without anything printable.
 */
export const fitText = (text: string, box: TextBox, style: TextStyle): FittedText | undefined => {
  const clean = cleanText(text)
  if (clean === '') return undefined
  const ruler = new TextRuler(clean, style.weight)
  const letters = graphemes(clean)
  ruler.setSize(style.sizePxMax)
  const widthAtMax = ruler.width(clean)
  // What cannot fit even without a gap at any line's end need not be wrapped to find that out.
  const plausible = sizes(style).filter(
    (sizePx) => (widthAtMax * sizePx) / style.sizePxMax <= box.widthPx * style.linesMax * 1.05,
  )
  for (const parts of [breakable(clean), letters]) {
    for (const sizePx of plausible) {
      ruler.setSize(sizePx)
      const lines = wrap(parts, ruler, box.widthPx, style.linesMax)
      if (lines === undefined) continue
      const balanced = parts === letters ? lines : balance(parts, lines, ruler, box.widthPx)
      const fitted = setLines(balanced, ruler, sizePx, false)
      if (fitted.heightPx <= box.heightPx) return fitted
    }
  }
  return cutToFit(letters, ruler, box, style)
}

export interface TextPlace {
  /** The left end of the block, or its middle when centred. */
  readonly x: number
  /** The top of the first line. */
  readonly y: number
  readonly align: 'left' | 'center'
  /** At `left`, right-to-left lines end flush at the far side of a block of this width. */
  readonly blockWidthPx: number
}

/** Draws a fitted text in the current fill colour. */
export const drawText = (ctx: SKRSContext2D, text: FittedText, place: TextPlace): void => {
  const flushRight = place.align === 'left' && text.direction === 'rtl'
  ctx.font = text.font
  ctx.direction = text.direction
  ctx.textAlign = flushRight ? 'right' : place.align
  ctx.textBaseline = 'alphabetic'
  const x = flushRight ? place.x + place.blockWidthPx : place.x
  text.lines.forEach((line, index) => {
    ctx.fillText(line, x, place.y + index * text.lineHeightPx + text.ascentPx)
  })
}
