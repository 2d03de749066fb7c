import type { FrameSize } from '../frame-size.ts'
import type { CaptionLook } from './ass-look.ts'
import type { CaptionPage, PageLine, PageWord } from './ass-pages.ts'

/** A part of a text in one font. */
export interface FontRun {
  readonly text: string
  /** By which libass finds it. */
  readonly fontName: string
  /** Parts of the size: how far it reaches above and below the base line. */
  readonly ascent: number
  readonly descent: number
}

export interface CaptionScript {
  readonly frame: FrameSize
  readonly look: CaptionLook
  /** Widths in pixels. */
  readonly pages: readonly CaptionPage[]
  readonly runsOf: (text: string) => readonly FontRun[]
  /** While pages that begin then stand in the middle, whatever the look says; never if left out. */
  readonly inMiddle?: readonly Span[]
}

/** Of a line, in parts of the size; scripts that reach further are let into their neighbours' lines. */
const LINE_HEIGHT = 1.22
const BELOW_BASELINE = 0.27
/** So long a word takes to grow. */
const POP_MS = 90
/** By how much of the size a word grows at most: a long one would reach over its neighbours. */
const GROWTH_MAX = 0.3
const GLOW_BLUR = 0.16
const BOX_CORNER = 0.22

const RIGHT_TO_LEFT =
  /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u
const STRONG = /\p{L}/u
/** Says at the start of a line that it runs from right to left, whatever it begins with. */
const RIGHT_TO_LEFT_MARK = '\u200f'
const WORD_JOINER = '\u2060'
/** A letter that takes no room. */
const UNSEEN_LETTER = '{\\fscx0\\fscy0}a{\\r}'

/**
 * Writes captions as a script of Advanced SubStation Alpha that libass draws. Every line stands at a
 * place of its own, so that no word moves while another one is lit. *Safety:* no text can become a
 * command: braces are escaped, and a backslash is parted from what follows.
 */
export const writeAssScript = (script: CaptionScript): string => {
  const { frame } = script
  return [
    '[Script Info]',
    'ScriptType: v4.00+',
    `PlayResX: ${frame.widthPx}`,
    `PlayResY: ${frame.heightPx}`,
    'WrapStyle: 2',
    'ScaledBorderAndShadow: yes',
    'YCbCr Matrix: TV.709',
    '',
    '[V4+ Styles]',
    STYLE_FORMAT,
    styleLine(script.look),
    '',
    '[Events]',
    'Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text',
    ...script.pages.flatMap((page) => pageEvents(script, page)),
    '',
  ].join('\n')
}

const STYLE_FORMAT =
  'Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, ' +
  'Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, ' +
  'Shadow, Alignment, MarginL, MarginR, MarginV, Encoding'

const px = (value: number): string => String(Math.round(value * 100) / 100)

/** `#rrggbb[aa]` as alpha (0 is opaque), blue, green, red. */
const colour = (hex: string) => {
  const [red = 'ff', green = 'ff', blue = 'ff', alpha = 'ff'] = hex.slice(1).match(/../g) ?? []
  const clear = (255 - Number.parseInt(alpha, 16)).toString(16).padStart(2, '0')
  return { bgr: `${blue}${green}${red}`.toUpperCase(), alpha: clear.toUpperCase() }
}

const styleColour = (hex: string): string => {
  const { bgr, alpha } = colour(hex)
  return `&H${alpha}${bgr}`
}

const styleLine = (look: CaptionLook): string => {
  const colours = [look.color, look.color, look.outlineColor, '#000000a0'].map(styleColour)
  // Encoding -1: the direction of a line is found from its text.
  const rest = [look.isBold ? -1 : 0, 0, 0, 0, 100, 100, 0, 0, 1]
  return (
    `Style: Default,Inter,${px(look.sizePx)},${colours.join()},${rest.join()},` +
    `${px(look.outlinePx)},${px(look.shadowPx)},2,0,0,0,-1`
  )
}

const timestamp = (seconds: number): string => {
  const hundredths = Math.round(seconds * 100)
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0')
  const rest = hundredths % 6000
  const [hours, minutes] = [hundredths / 360_000, (hundredths / 6000) % 60]
  return `${Math.floor(hours)}:${two(minutes)}:${two(rest / 100)}.${two(rest % 100)}`
}

interface Span {
  readonly startSeconds: number
  readonly endSeconds: number
}

const event = (layer: number, { startSeconds, endSeconds }: Span, text: string): string =>
  `Dialogue: ${layer},${timestamp(startSeconds)},${timestamp(endSeconds)},Default,,0,0,0,,${text}`

/** A line of a page with its place. */
interface PlacedLine {
  readonly line: PageLine
  readonly leftPx: number
  readonly middlePx: number
  readonly baselinePx: number
  readonly sizePx: number
  readonly isRightToLeft: boolean
}

const pageEvents = (script: CaptionScript, page: CaptionPage): string[] => {
  const lines = placeLines(script, page)
  const words = page.lines.flatMap((line) => line.words)
  const box = boxEvent(script, page, lines)
  if (script.look.highlight === 'none') {
    return [...box, ...lines.map((placed) => event(2, page, lineText(script, placed, null)))]
  }
  return [
    ...box,
    ...statesOf(page, words).flatMap(({ span, active }) =>
      lines.flatMap((placed) => litLine(script, placed, { span, active })),
    ),
  ]
}

/** A word is lit until the next one begins. */
const statesOf = (page: Span, words: readonly PageWord[]) =>
  words.flatMap((active, index) => {
    const startSeconds = index === 0 ? page.startSeconds : active.startSeconds
    const endSeconds = words[index + 1]?.startSeconds ?? page.endSeconds
    return endSeconds > startSeconds ? [{ active, span: { startSeconds, endSeconds } }] : []
  })

const alignmentOf = ({ look, inMiddle = [] }: CaptionScript, { startSeconds }: CaptionPage) =>
  inMiddle.some((span) => span.startSeconds <= startSeconds && startSeconds < span.endSeconds)
    ? 'middle'
    : look.alignment

const placeLines = (script: CaptionScript, page: CaptionPage): PlacedLine[] => {
  const { frame, look } = script
  const sizePx = look.sizePx * page.scale
  const lineHeightPx = sizePx * LINE_HEIGHT
  const heightPx = lineHeightPx * page.lines.length
  const topPx = {
    top: look.marginVerticalPx,
    middle: (frame.heightPx - heightPx) / 2,
    bottom: frame.heightPx - look.marginVerticalPx - heightPx,
  }[alignmentOf(script, page)]
  const middlePx = (look.marginLeftPx + frame.widthPx - look.marginRightPx) / 2
  return page.lines.map((line, index) => ({
    line,
    sizePx,
    middlePx,
    leftPx: middlePx - (line.width * page.scale) / 2,
    baselinePx: topPx + (index + 1) * lineHeightPx - BELOW_BASELINE * sizePx,
    isRightToLeft: runsRightToLeft(page),
  }))
}

const runsRightToLeft = ({ lines }: CaptionPage): boolean => {
  const text = lines.flatMap(({ words }) => words.map((word) => word.text)).join(' ')
  const letter = STRONG.exec(text)?.[0]
  return letter !== undefined && RIGHT_TO_LEFT.test(letter)
}

/** A box with round corners behind all lines of a page. */
const boxEvent = (
  { look }: CaptionScript,
  page: CaptionPage,
  lines: readonly PlacedLine[],
): string[] => {
  const [first] = lines
  const last = lines.at(-1)
  if (look.boxColor === null || !first || !last) return []
  const pad = look.boxPaddingPx
  const widthPx = Math.max(...lines.map(({ line }) => line.width * page.scale)) + 2 * pad
  const top = first.baselinePx - first.sizePx * (LINE_HEIGHT - BELOW_BASELINE) - pad / 2
  const heightPx = last.baselinePx + last.sizePx * BELOW_BASELINE + pad / 2 - top
  const { bgr, alpha } = colour(look.boxColor)
  const tags = `\\an7\\pos(${px(first.middlePx - widthPx / 2)},${px(top)})\\bord0\\shad0`
  const shape = roundedBox(widthPx, heightPx, look.sizePx * BOX_CORNER)
  return [event(0, page, `{${tags}\\1c&H${bgr}&\\1a&H${alpha}&\\p1}${shape}{\\p0}`)]
}

const roundedBox = (width: number, height: number, corner: number): string => {
  const at = (x: number, y: number) => `${Math.round(x)} ${Math.round(y)}`
  const [w, h, r, k] = [width, height, corner, corner * 0.45]
  return [
    `m ${at(r, 0)} l ${at(w - r, 0)} b ${at(w - k, 0)} ${at(w, k)} ${at(w, r)}`,
    `l ${at(w, h - r)} b ${at(w, h - k)} ${at(w - k, h)} ${at(w - r, h)}`,
    `l ${at(r, h)} b ${at(k, h)} ${at(0, h - k)} ${at(0, h - r)}`,
    `l ${at(0, r)} b ${at(0, k)} ${at(k, 0)} ${at(r, 0)}`,
  ].join(' ')
}

const litLine = (
  script: CaptionScript,
  placed: PlacedLine,
  { span, active }: { readonly span: Span; readonly active: PageWord },
): string[] => {
  const { look } = script
  const isHere = placed.line.words.includes(active)
  if (!isHere) return [event(2, span, lineText(script, placed, null))]
  const lit = `\\1c&H${colour(look.activeColor).bgr}&`
  if (look.highlight === 'glow') {
    const glow = `\\3c&H${colour(look.activeColor).bgr}&\\3a&H30&\\bord${px(placed.sizePx * 0.09)}`
    const blur = `\\blur${px(placed.sizePx * GLOW_BLUR)}`
    const behind = { active, others: '\\alpha&HFF&', own: `${glow}${blur}` }
    const front = { active, others: '', own: lit }
    return [
      event(1, span, lineText(script, placed, behind)),
      event(2, span, lineText(script, placed, front)),
    ]
  }
  if (look.highlight === 'scale' && runsLeftToRight(placed)) {
    const hidden = { active, others: '', own: '\\alpha&HFF&' }
    return [
      event(2, span, lineText(script, placed, hidden)),
      event(3, span, grownWord(script, placed, active)),
    ]
  }
  return [event(2, span, lineText(script, placed, { active, others: '', own: lit }))]
}

/**
 * Only then the places of words are known: lines of two directions are ordered by libass, and it puts
 * single words of Arabic up to a third of their width aside. There the colour has to do.
 */
const runsLeftToRight = ({ line, isRightToLeft }: PlacedLine): boolean =>
  !isRightToLeft && line.words.every(({ text }) => !RIGHT_TO_LEFT.test(text))

interface Lit {
  readonly active: PageWord
  /** Tags for the active word, and for all others. */
  readonly own: string
  readonly others: string
}

const lineText = (script: CaptionScript, placed: PlacedLine, lit: Lit | null): string => {
  const { line, middlePx, baselinePx, sizePx, isRightToLeft } = placed
  const bottomPx = baselinePx + reach(script, line.words, 'descent') * sizePx
  const words = line.words.map((word, index) => {
    const space = index > 0 && word.spaceBefore ? spaceText(script, sizePx) : ''
    const isActive = lit?.active === word
    const tags = lit ? (isActive ? lit.own : lit.others) : ''
    const text = runsText(script, word.text, sizePx)
    return tags === '' ? `${space}${text}` : `${space}{${tags}}${text}{\\r}`
  })
  const start = isRightToLeft ? RIGHT_TO_LEFT_MARK : ''
  return `${scriptOf(line.words)}{\\an2\\pos(${px(middlePx)},${px(bottomPx)})}${start}${words.join('')}`
}

/** The active word by itself, grown around its own middle. */
const grownWord = (script: CaptionScript, placed: PlacedLine, active: PageWord): string => {
  const { leftPx, baselinePx, sizePx } = placed
  const scale = sizePx / script.look.sizePx
  const middlePx = leftPx + (active.offset + active.width / 2) * scale
  const own = {
    ascent: reach(script, [active], 'ascent') * sizePx,
    descent: reach(script, [active], 'descent') * sizePx,
  }
  const centrePx = baselinePx - (own.ascent - own.descent) / 2
  const wordPx = active.width * scale
  const grownBy = Math.min(script.look.activeScale, 1 + (GROWTH_MAX * sizePx) / wordPx)
  const percent = px(grownBy * 100)
  const grow = `\\t(0,${POP_MS},\\fscx${percent}\\fscy${percent})`
  const lit = `\\1c&H${colour(script.look.activeColor).bgr}&`
  return `${scriptOf([active])}{\\an5\\pos(${px(middlePx)},${px(centrePx)})${lit}${grow}}${runsText(script, active.text, sizePx)}`
}

/**
 * Emoji belong to no script, and libass parts what it draws where the script changes: between those that
 * are joined to one (a family, a key with a number), unless a letter beside them lends them its own.
 */
const scriptOf = (words: readonly PageWord[]): string =>
  words.some(({ text }) => STRONG.test(text)) ? '' : UNSEEN_LETTER

const reach = (
  { runsOf }: CaptionScript,
  words: readonly PageWord[],
  side: 'ascent' | 'descent',
): number => Math.max(...words.flatMap(({ text }) => runsOf(text).map((run) => run[side])))

/** ASS gives the height of a font's box as its size; ours is that of the letters' own square. */
const runsText = ({ runsOf }: CaptionScript, text: string, sizePx: number): string =>
  runsOf(text)
    .map((run) => {
      const size = px(sizePx * (run.ascent + run.descent))
      return `{\\fn${run.fontName}\\fs${size}}${escapeText(run.text)}`
    })
    .join('')

const spaceText = (script: CaptionScript, sizePx: number): string => {
  const percent = px(script.look.spaceScale * 100)
  return `{\\fscx${percent}}${runsText(script, ' ', sizePx)}{\\fscx100}`
}

const escapeText = (text: string): string =>
  text
    .replaceAll('\\', `\\${WORD_JOINER}`)
    .replaceAll('{', String.raw`\{`)
    .replaceAll('}', String.raw`\}`)
    .replaceAll(/[\n\r]+/g, ' ')
