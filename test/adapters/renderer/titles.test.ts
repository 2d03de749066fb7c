import { createCanvas } from '@napi-rs/canvas'
import { describe, expect, it, vi } from 'vitest'

import { cleanText, fitText } from '../../../src/adapters/renderer/fit-text.ts'
import { fontFamilies } from '../../../src/adapters/renderer/fonts.ts'
import { layoutFor } from '../../../src/adapters/renderer/layout.ts'
import { fitTitles, paintTitles } from '../../../src/adapters/renderer/titles.ts'
import { FORMATS, frameSize } from '../../../src/domain/frame-size.ts'
import { TEMPLATES } from '../../../src/domain/render-spec.ts'
import { smallSpec } from './fixtures.ts'

// Only the bundled fonts may count: the test must not pass by what this machine has installed.
vi.hoisted(() => {
  process.env['DISABLE_SYSTEM_FONTS_LOAD'] = '1'
})

vi.setConfig({ testTimeout: 30_000 })

const TITLES: Record<string, string> = {
  Latin: 'Żółć, Ærøskøbing & Đặng Thái Sơn',
  Greek: 'Το τραγούδι της νύχτας',
  Cyrillic: 'Ночь, улица, фонарь, аптека',
  Arabic: 'ليلة طويلة تحت النجوم، أغنية',
  Persian: 'ترانه‌ی پاییزی',
  Hebrew: 'שיר לילה ארוך מאוד',
  Devanagari: 'चाँदनी रात में संगीत',
  Bengali: 'রাতের গান',
  Tamil: 'இரவின் பாடல்',
  Thai: 'เพลงยามค่ำคืนที่ยาวนาน',
  Georgian: 'ღამის სიმღერა',
  Armenian: 'Գիշերային երգ',
  Japanese: '夜に駆ける、音楽のカタカナ',
  Chinese: '漫长的夜晚与音乐——上海',
  Korean: '밤의 노래를 부르다',
  emoji: '🎸🔥 Rock 👩‍🚀 ❤️ 🇫🇷 1️⃣',
  symbols: '♪ ♫ → ★ ∞ 𝓛𝓸𝓿𝓮',
  mixed: 'Live שלום in 東京 — مرحبا (Remix) №1',
}

const HARD: Record<string, string> = {
  'one word of 200 letters': 'W'.repeat(200),
  'a very long title': 'The longest title that anybody ever gave to a song '.repeat(7),
  '120 Han characters': '長い曲名'.repeat(30),
  '150 Thai letters': 'เพลงรักยาว'.repeat(15),
  'stacked marks': `Z${'\u0317\u0351\u0346'.repeat(20)}algo ${'o\u0300\u0301\u0302\u0303\u0304'.repeat(8)}`,
  '60 emoji': '👨‍👩‍👧‍👦'.repeat(60),
}

const pixelsOf = (text: string): { data: string; blank: boolean } => {
  const canvas = createCanvas(128, 96)
  const ctx = canvas.getContext('2d')
  ctx.font = `700 48px ${fontFamilies(text)}`
  ctx.fillText(text, 30, 64)
  const bytes = canvas.data()
  return { data: bytes.toString('base64'), blank: bytes.every((byte) => byte === 0) }
}

/** What is drawn for a character that no font has: a private one of the last plane. */
const tofu = (): string => pixelsOf('\u{10fffd}').data

const isDrawn = (letter: string): boolean => {
  const { data, blank } = pixelsOf(letter)
  return !blank && data !== tofu()
}

const eachLayout = TEMPLATES.flatMap((template) =>
  FORMATS.map((format) => ({ template, size: frameSize(format, 720) })),
)

describe.each(Object.entries(TITLES))('a title in %s', (_, title) => {
  it('has a glyph in the bundled fonts for every letter', () => {
    const letters = Array.from(
      new Intl.Segmenter().segment(cleanText(title)),
      (part) => part.segment,
    )
    const missing = letters.filter((letter) => letter.trim() !== '' && !isDrawn(letter))
    expect(missing).toEqual([])
  })

  it('fits every template and format without being cut', () => {
    for (const { template, size } of eachLayout) {
      const { title: fitted } = fitTitles(layoutFor(template, size), { title, artist: title })
      expect(fitted?.cut).toBe(false)
    }
  })
})

it('a letter without a bundled font is told from one with', () => {
  expect(isDrawn('a')).toBe(true)
  expect(isDrawn('\u{1bc00}')).toBe(false)
})

/** Ink that stands outside the text box of a frame; its shadow is black and does not count. */
const strayInk = (title: string, { template, size }: (typeof eachLayout)[number]): boolean => {
  const layout = layoutFor(template, size)
  const canvas = createCanvas(size.widthPx, size.heightPx)
  const ctx = canvas.getContext('2d')
  paintTitles(ctx, { layout, spec: { ...smallSpec, ...size, title, artist: title } })
  // Two pixels are the soft edge of the letters.
  const { x, y, width, height } = layout.text
  ctx.clearRect(x - 2, y - 2, width + 4, height + 4)
  return new Uint32Array(new Uint8Array(canvas.data()).buffer).some((pixel) => (pixel & 255) > 40)
}

describe('no ink leaves the text box', () => {
  const some = eachLayout.filter((_, index) => index % 5 === 0)
  it.each(Object.entries(TITLES))('of a title in %s', (_, title) => {
    expect(some.filter((layout) => strayInk(title, layout))).toEqual([])
  })

  it.each(Object.entries(HARD))(
    'of %s, in any template and format',
    (_, title) => {
      expect(eachLayout.filter((layout) => strayInk(title, layout))).toEqual([])
    },
    30_000,
  )
})

describe('fitting', () => {
  const style = { weight: 700, sizePxMax: 60, sizePxMin: 20, linesMax: 2 } as const

  it('shrinks before it breaks words, and breaks words before it cuts', () => {
    const wide = fitText('Two words', { widthPx: 600, heightPx: 200 }, style)
    expect(wide).toMatchObject({ lines: ['Two words'], sizePx: 60, cut: false })
    const narrow = fitText('Unbreakable', { widthPx: 200, heightPx: 200 }, style)
    expect(narrow).toMatchObject({ lines: ['Unbreakable'], cut: false })
    expect(narrow?.sizePx).toBeLessThan(60)
    const broken = fitText('x'.repeat(40), { widthPx: 260, heightPx: 200 }, style)
    expect(broken?.cut).toBe(false)
    expect(broken?.lines.join('')).toBe('x'.repeat(40))
    const cut = fitText('x'.repeat(400), { widthPx: 260, heightPx: 200 }, style)
    expect(cut?.cut).toBe(true)
    expect(cut?.lines.at(-1)).toMatch(/…$/)
  })

  it('a text without anything printable is left out', () => {
    expect(fitText(' \n\t\u202e ', { widthPx: 100, heightPx: 100 }, style)).toBeUndefined()
  })

  it('right-to-left text is known by its first letter', () => {
    const box = { widthPx: 600, heightPx: 200 }
    expect(fitText('«שלום» and more', box, style)?.direction).toBe('rtl')
    expect(fitText('12 songs שלום', box, style)?.direction).toBe('ltr')
  })
})
