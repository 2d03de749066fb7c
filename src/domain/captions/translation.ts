import type { Cue } from './cue.ts'
import { wrapText, type LineLimits } from './lines.ts'

const UNSPACED_SEAM =
  /([\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}])\n(?=[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}])/gu

/** The text of a cue without its line breaks, which are those of another language. */
export const oneLine = (text: string): string =>
  text
    .replaceAll(UNSPACED_SEAM, '$1')
    .replaceAll(/\s*\n\s*/g, ' ')
    .trim()

/** The same cues with other texts, in the lines of their new language. Times and count are untouched. */
export const withTexts = (
  cues: readonly Cue[],
  texts: readonly string[],
  limits: LineLimits,
): Cue[] => cues.map((cue, index) => ({ ...cue, text: wrapText(texts[index] ?? '', limits) }))

/** In order, none with more cues or characters than allowed (but for a cue that is too long by itself). */
export const batchesOf = (
  texts: readonly string[],
  { textsMax, charsMax }: { readonly textsMax: number; readonly charsMax: number },
): string[][] => {
  const batches: string[][] = []
  let chars = 0
  for (const text of texts) {
    const batch = batches.at(-1)
    if (batch === undefined || batch.length >= textsMax || chars + text.length > charsMax) {
      batches.push([text])
      chars = text.length
    } else {
      batch.push(text)
      chars += text.length
    }
  }
  return batches
}
