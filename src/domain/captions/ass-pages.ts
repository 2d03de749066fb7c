import type { SpokenToken } from './tokens.ts'

/** A word with its place on the screen's line. */
export interface PageWord extends SpokenToken {
  /** From the start of the line. */
  readonly offset: number
  readonly width: number
}

export interface PageLine {
  readonly words: readonly PageWord[]
  readonly width: number
}

/** What stands on the screen at once. */
export interface CaptionPage {
  readonly startSeconds: number
  readonly endSeconds: number
  readonly lines: readonly PageLine[]
  /** Below 1 where a word is too wide for the screen: nothing is ever cut off. */
  readonly scale: number
}

export interface PageLimits {
  /** In the unit of `widthOf`. */
  readonly lineWidth: number
  readonly spaceWidth: number
  readonly linesMax: number
  readonly wordsMax: number
  readonly widthOf: (text: string) => number
  /** Times at which a page ends and the next begins; none if left out. */
  readonly breaksSeconds?: readonly number[]
}

/** A pause of this length clears the screen. */
const SILENCE_SECONDS = 0.7
const LINGER_SECONDS_MAX = 0.5
const PAGE_SECONDS_MAX = 6
/** What a page is that no time is left for: two frames. */
const PAGE_SECONDS_MIN = 0.08
const SENTENCE_END = /[.!?…。！？؟।]["'”’»)\]」』]*$/u

type Measured = SpokenToken & { readonly width: number }

/**
 * Parts spoken words into pages of a few lines that are measured to fit. A page ends with a sentence,
 * before a pause and between speakers; it stands until the next one, or a moment longer than its last
 * word. Pages never overlap, and nothing is left out.
 */
export const pagesOf = (tokens: readonly SpokenToken[], limits: PageLimits): CaptionPage[] => {
  const measured = tokens.map((token) => ({ ...token, width: limits.widthOf(token.text) }))
  const groups = groupsOf(measured, limits)
  let freeFromSeconds = 0
  return groups.map((words, index) => {
    const startSeconds = Math.max(freeFromSeconds, words[0]?.startSeconds ?? 0)
    const spokenUntil = Math.max(words.at(-1)?.endSeconds ?? 0, startSeconds + PAGE_SECONDS_MIN)
    const nextStart = groups[index + 1]?.[0]?.startSeconds ?? Infinity
    const endSeconds = Math.max(
      Math.min(spokenUntil + LINGER_SECONDS_MAX, nextStart),
      startSeconds + PAGE_SECONDS_MIN,
    )
    freeFromSeconds = endSeconds
    const widest = Math.max(...words.map(({ width }) => width))
    const scale = Math.min(1, limits.lineWidth / widest)
    return { startSeconds, endSeconds, scale, lines: linesOf(words, limits) }
  })
}

const groupsOf = (tokens: readonly Measured[], limits: PageLimits): Measured[][] => {
  const groups: Measured[][] = []
  let group: Measured[] = []
  for (const token of tokens) {
    const last = group.at(-1)
    if (last && (isApart(last, token, limits) || isFull(group, token, limits))) {
      groups.push(group)
      group = []
    }
    group.push(token)
  }
  if (group.length > 0) groups.push(group)
  keepCompany(groups, limits)
  return groups
}

/** A page of one short word that is left over looks lost: the last word of the page before goes with it. */
const keepCompany = (groups: readonly Measured[][], limits: PageLimits): void => {
  for (const [index, group] of groups.entries()) {
    const [lonely, ...others] = group
    const before = groups[index - 1]
    const last = before?.at(-1)
    if (!lonely || others.length > 0 || !before || before.length < 3 || !last) continue
    const isShort = lonely.width <= limits.lineWidth / 2
    if (!isShort || isApart(last, lonely, limits) || isFull([last], lonely, limits)) continue
    group.unshift(last)
    before.pop()
  }
}

/** Whether they never stand on the screen together. */
const isApart = (last: Measured, next: Measured, limits: PageLimits): boolean =>
  next.startSeconds - last.endSeconds >= SILENCE_SECONDS ||
  next.speaker !== last.speaker ||
  SENTENCE_END.test(last.text) ||
  (limits.breaksSeconds ?? []).some((at) => last.startSeconds < at && at <= next.startSeconds)

const isFull = (group: readonly Measured[], next: Measured, limits: PageLimits): boolean =>
  group.length >= limits.wordsMax ||
  next.endSeconds - (group[0]?.startSeconds ?? 0) > PAGE_SECONDS_MAX ||
  fill([...group, next], limits.lineWidth, limits).length > limits.linesMax

/** Lines that are filled one after the other. */
const fill = (
  words: readonly Measured[],
  lineWidth: number,
  { spaceWidth }: PageLimits,
): Measured[][] => {
  const lines: Measured[][] = []
  let used = Infinity
  for (const word of words) {
    const space = word.spaceBefore ? spaceWidth : 0
    if (used + space + word.width <= lineWidth) {
      lines.at(-1)?.push(word)
      used += space + word.width
    } else {
      lines.push([word])
      used = word.width
    }
  }
  return lines
}

/** As few lines as do, of about the same length: a last line of one short word looks lost. */
const linesOf = (words: readonly Measured[], limits: PageLimits): PageLine[] => {
  let lines = fill(words, limits.lineWidth, limits)
  for (let share = 0.95; share >= 0.5; share -= 0.05) {
    const narrower = fill(words, limits.lineWidth * share, limits)
    if (narrower.length > lines.length) break
    lines = narrower
  }
  return lines.map((line) => placeWords(line, limits.spaceWidth))
}

const placeWords = (line: readonly Measured[], spaceWidth: number): PageLine => {
  let width = 0
  const words = line.map((word, index) => {
    const offset = width + (index > 0 && word.spaceBefore ? spaceWidth : 0)
    width = offset + word.width
    return { ...word, offset }
  })
  return { words, width }
}
