import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { createCanvas, GlobalFonts } from '@napi-rs/canvas'
import decompress from 'woff2-encoder/decompress'

import type { FontRun } from '../../../../domain/captions/ass-script.ts'
import { MediaError } from '../../../../domain/failures.ts'
import { readFont, useWholeMap, type FontFacts } from './font-tables.ts'

const FONT_FOLDER = new URL('../../../../../assets/fonts/', import.meta.url)

const noto = (name: string, script: RegExp) => ({ name: `noto-sans-${name}`, script })

/** In the order of preference. Han characters have national shapes: without kana they are Chinese. */
const FONTS: readonly {
  readonly name: string
  /** Characters that call for it; without it the font is always looked into. */
  readonly script?: RegExp
  /** Where there is one only. */
  readonly weight?: 400 | 700
}[] = [
  { name: 'inter' },
  { name: 'noto-sans' },
  noto('arabic', /\p{Script=Arabic}/u),
  noto('hebrew', /\p{Script=Hebrew}/u),
  noto('devanagari', /\p{Script=Devanagari}/u),
  noto('thai', /\p{Script=Thai}/u),
  noto('bengali', /\p{Script=Bengali}/u),
  noto('tamil', /\p{Script=Tamil}/u),
  noto('georgian', /\p{Script=Georgian}/u),
  noto('armenian', /\p{Script=Armenian}/u),
  { ...noto('jp', /[\p{Script=Hiragana}\p{Script=Katakana}]/u), weight: 700 },
  { ...noto('kr', /\p{Script=Hangul}/u), weight: 700 },
  { ...noto('sc', /[\p{Script=Han}\u3000-\u30ff\uff00-\uffef]/u), weight: 700 },
  // libass draws letters in one colour: so are these.
  {
    name: 'noto-emoji',
    script: /[\p{Extended_Pictographic}\p{Regional_Indicator}\u20e3]/u,
    weight: 700,
  },
  { ...noto('math', /[\u2100-\u23ff\u{1d400}-\u{1d7ff}]/u), weight: 400 },
  { ...noto('symbols-2', /[\p{S}\u2190-\u2bff]/u), weight: 400 },
]

interface OpenFont extends FontFacts {
  readonly fileName: string
  readonly bytes: Buffer
  /** As the canvas knows it, for measuring. */
  readonly family: string
}

/** Opening a large one takes a quarter of a second; all of them are 50 MB. */
const opened = new Map<string, Promise<OpenFont>>()

const openFont = (fileName: string): Promise<OpenFont> => {
  const known = opened.get(fileName)
  if (known) return known
  const opening = readFontFile(fileName)
  opened.set(fileName, opening)
  return opening
}

/** As TrueType: not every build of FFmpeg reads fonts of the web. */
const readFontFile = async (fileName: string): Promise<OpenFont> => {
  const packed = await readFile(fileURLToPath(new URL(`${fileName}.woff2`, FONT_FOLDER)))
  const bytes = Buffer.from(await decompress(packed))
  useWholeMap(bytes)
  const family = `Spool caption ${fileName}`
  GlobalFonts.register(bytes, family)
  return { ...readFont(bytes), fileName, bytes, family }
}

/** Fonts that cover a text, and how wide it is in them. */
export interface CaptionFonts {
  readonly runsOf: (text: string) => readonly FontRun[]
  /** In pixels, of letters of a size. */
  readonly widthOf: (text: string, sizePx: number) => number
  /** Writes the fonts into a folder, as libass wants them. */
  readonly writeTo: (folder: string) => Promise<void>
}

const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' })
/** Drawn by the letters around them, or not at all. */
const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\p{Cc}]/gu

/** As wide as their first part. Some of them (a rainbow flag) are measured as several, and drawn as one. */
const JOINED_EMOJI = /\p{RGI_Emoji_ZWJ_Sequence}/gv
const firstPart = (emoji: string): string => String.fromCodePoint(emoji.codePointAt(0) ?? 0)

/**
 * Finds fonts of ours for a text, before anything is drawn. *Errors:* INPUT_INVALID with the characters
 * that none of them has, at the path.
 */
export const findCaptionFonts = async (
  text: string,
  { isBold, path }: { readonly isBold: boolean; readonly path: string },
): Promise<CaptionFonts> => {
  const fonts = await Promise.all(
    FONTS.filter(({ script }) => script === undefined || script.test(text)).map(
      ({ name, weight }) => openFont(`${name}-${weight ?? (isBold ? 700 : 500)}`),
    ),
  )
  refuseUncovered(text, fonts, path)
  const used = new Set<OpenFont>()
  const runs = new Map<string, readonly (FontRun & Pick<OpenFont, 'family'>)[]>()
  const runsOf = (part: string) => {
    const known = runs.get(part)
    if (known) return known
    const found = splitByFont(part, fonts)
    for (const { font } of found) used.add(font)
    const made = found.map(({ text: own, font: { name, ascent, descent, family } }) => ({
      ...{ text: own, fontName: name },
      ...{ ascent, descent, family },
    }))
    runs.set(part, made)
    return made
  }
  for (const part of ['  ', ...text.split(/\s+/u)]) runsOf(part)
  const measuring = createCanvas(8, 8).getContext('2d')
  return {
    runsOf,
    widthOf: (part, sizePx) =>
      runsOf(part).reduce((width, run) => {
        measuring.font = `${sizePx}px "${run.family}"`
        return width + measuring.measureText(run.text.replaceAll(JOINED_EMOJI, firstPart)).width
      }, 0),
    writeTo: async (folder) => {
      for (const { fileName, bytes } of used)
        await writeFile(join(folder, `${fileName}.ttf`), bytes)
    },
  }
}

const isCovered = (grapheme: string, { covers }: FontFacts): boolean =>
  Array.from(grapheme.replaceAll(INVISIBLE, '')).every((letter) =>
    covers(letter.codePointAt(0) ?? 0),
  )

const refuseUncovered = (text: string, fonts: readonly OpenFont[], path: string): void => {
  const missing = new Set<string>()
  for (const { segment } of graphemes.segment(text)) {
    if (!/^\s+$/u.test(segment) && !fonts.some((font) => isCovered(segment, font)))
      missing.add(segment)
  }
  if (missing.size === 0) return
  const [first = ''] = missing
  const code = (first.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
  const message = `have ${missing.size} characters that no font here has, such as U+${code}`
  throw new MediaError('INPUT_INVALID', `captions ${message}`, {
    problems: [{ path, message, fix: 'leave them out, or write them in another script' }],
  })
}

/** A run goes on in its font for as long as that can: spaces and dots are in all of them. */
const splitByFont = (
  text: string,
  fonts: readonly OpenFont[],
): { readonly text: string; readonly font: OpenFont }[] => {
  const found: { text: string; font: OpenFont }[] = []
  for (const { segment } of graphemes.segment(text)) {
    const last = found.at(-1)
    const isNeutral = !/[\p{L}\p{N}\p{S}\p{Extended_Pictographic}]/u.test(segment)
    const goesOn = last && (isNeutral || fonts[0] !== last.font) && isCovered(segment, last.font)
    const font = goesOn ? last.font : fonts.find((one) => isCovered(segment, one))
    if (!font) throw new MediaError('INTERNAL', 'a character that was not looked up')
    if (last?.font === font) last.text += segment
    else found.push({ text: segment, font })
  }
  return found
}
