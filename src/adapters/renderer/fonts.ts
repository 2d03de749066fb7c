import { fileURLToPath } from 'node:url'

import { GlobalFonts } from '@napi-rs/canvas'

const FONT_FOLDER = new URL('../../../assets/fonts/', import.meta.url)

interface BundledFont {
  readonly family: string
  readonly files: readonly string[]
  /** Characters that call for this font; without it the font is always in the list. */
  readonly script?: RegExp
}

const bothWeights = (name: string): string[] => [`${name}-500.woff2`, `${name}-700.woff2`]

const scriptFont = (name: string, script: RegExp): BundledFont => ({
  family: `Spool ${name}`,
  files: bothWeights(`noto-sans-${name}`),
  script,
})

const JAPANESE: BundledFont = {
  family: 'Spool jp',
  files: ['noto-sans-jp-700.woff2'],
  script: /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}\u3000-\u30ff\uff00-\uffef]/u,
}
const KOREAN: BundledFont = {
  family: 'Spool kr',
  files: ['noto-sans-kr-700.woff2'],
  script: /\p{Script=Hangul}/u,
}
const CHINESE: BundledFont = {
  family: 'Spool sc',
  files: ['noto-sans-sc-700.woff2'],
  script: /\p{Script=Han}/u,
}

/** In the order of preference; the colour emoji stand before the symbols in black and white. */
const FONTS: readonly BundledFont[] = [
  { family: 'Spool inter', files: bothWeights('inter') },
  { family: 'Spool noto', files: bothWeights('noto-sans') },
  scriptFont('arabic', /\p{Script=Arabic}/u),
  scriptFont('hebrew', /\p{Script=Hebrew}/u),
  scriptFont('devanagari', /\p{Script=Devanagari}/u),
  scriptFont('thai', /\p{Script=Thai}/u),
  scriptFont('bengali', /\p{Script=Bengali}/u),
  scriptFont('tamil', /\p{Script=Tamil}/u),
  scriptFont('georgian', /\p{Script=Georgian}/u),
  scriptFont('armenian', /\p{Script=Armenian}/u),
  KOREAN,
  JAPANESE,
  CHINESE,
  {
    family: 'Spool emoji',
    files: ['noto-color-emoji-400.woff2'],
    script: /[\p{Extended_Pictographic}\p{Regional_Indicator}\u20e3]/u,
  },
  {
    family: 'Spool math',
    files: ['noto-sans-math-400.woff2'],
    script: /[\u2100-\u23ff\u{1d400}-\u{1d7ff}]/u,
  },
  {
    family: 'Spool symbols',
    files: ['noto-sans-symbols-2-400.woff2'],
    script: /[\p{S}\u2190-\u2bff]/u,
  },
]

const KANA = /[\p{Script=Hiragana}\p{Script=Katakana}]/u

/** Han characters have national shapes: without kana they are taken for Chinese. */
const inNationalOrder = (fonts: readonly BundledFont[], text: string): BundledFont[] =>
  KANA.test(text) || !fonts.includes(CHINESE)
    ? [...fonts]
    : fonts.map((font) => (font === JAPANESE ? CHINESE : font === CHINESE ? JAPANESE : font))

const registered = new Set<string>()

/** Opening a large font takes a tenth of a second, so it is done once and only when it is needed. */
const register = ({ family, files }: BundledFont): void => {
  if (registered.has(family)) return
  for (const file of files) {
    const path = fileURLToPath(new URL(file, FONT_FOLDER))
    if (GlobalFonts.registerFromPath(path, family) === null) {
      throw new Error(`The bundled font ${file} cannot be read.`)
    }
  }
  registered.add(family)
}

/**
 * The CSS family list that covers a text with bundled fonts, which are opened on the way. Scripts
 * without a bundled font fall to whatever the machine has.
 */
export const fontFamilies = (text: string): string => {
  const needed = FONTS.filter(({ script }) => script === undefined || script.test(text))
  const ordered = inNationalOrder(needed, text)
  for (const font of ordered) register(font)
  return ordered.map(({ family }) => `"${family}"`).join(', ')
}
