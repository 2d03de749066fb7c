/** What readers take for one character: an emoji with its skin colour, a letter with its accents. */
const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' })

// oxlint-disable-next-line eslint/no-control-regex -- the point is to know plain ASCII, from its first character
const PLAIN = /^[\x00-\x7f]*$/

/** How many characters a reader sees. */
export const readableLength = (text: string): number => {
  if (PLAIN.test(text)) return text.length
  let count = 0
  for (const _ of graphemes.segment(text)) count += 1
  return count
}

/** Parts of at most `lengthMax` characters, none of which is cut through. */
export const cutAfter = (text: string, lengthMax: number): string[] => {
  const parts: string[] = []
  let part = ''
  let length = 0
  for (const { segment } of graphemes.segment(text)) {
    if (length === lengthMax) {
      parts.push(part)
      part = ''
      length = 0
    }
    part += segment
    length += 1
  }
  if (part !== '') parts.push(part)
  return parts
}
