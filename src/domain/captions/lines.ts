import { textOf, tokensOf, type Token } from './tokens.ts'

export interface LineLimits {
  /** In characters as readers see them. */
  readonly charsPerLineMax: number
  readonly linesMax: number
}

/** Beyond this no subtitle is readable, and the search for the best lines gives way to filling them. */
const TOKENS_MAX = 200
/** A break after a comma is worth lines that differ by so many characters. */
const COMMA_WORTH_CHARS = 8
const TOO_LONG_COST = 1_000_000

const PAUSE = /[\p{Po}\p{Pd}\p{Pe}\p{Pf}]$/u

/** How many lines the tokens take when each line is filled before the next one begins. */
const lineCount = (tokens: readonly Token[], charsPerLineMax: number): number => {
  let lines = 1
  let used = 0
  for (const token of tokens) {
    const needed = used === 0 ? token.length : used + token.length + (token.spaceBefore ? 1 : 0)
    if (needed <= charsPerLineMax) used = needed
    else {
      lines += 1
      used = token.length
    }
  }
  return lines
}

/**
 * Parts the tokens into as few lines as do, of about equal length, preferably after punctuation. What
 * does not fit into `linesMax` lines makes them longer: nothing is ever left out.
 */
export const breakLines = (tokens: readonly Token[], limits: LineLimits): string => {
  const needed = lineCount(tokens, limits.charsPerLineMax)
  const lines = Math.min(needed, limits.linesMax, tokens.length)
  if (lines <= 1) return textOf(tokens)
  const starts =
    tokens.length > TOKENS_MAX
      ? evenStarts(tokens, lines)
      : bestStarts(tokens, lines, limits.charsPerLineMax)
  return starts
    .map((start, index) => textOf(tokens.slice(start, starts[index + 1] ?? tokens.length)))
    .join('\n')
}

/** The lines of a plain text; those that it already has are given up. */
export const wrapText = (text: string, limits: LineLimits): string =>
  breakLines(tokensOf(text, limits.charsPerLineMax), limits)

const evenStarts = (tokens: readonly Token[], lines: number): number[] => {
  const share = Math.ceil(tokens.length / lines)
  return Array.from({ length: lines }, (_, line) => line * share).filter(
    (start) => start < tokens.length,
  )
}

/** For each number of lines the cheapest ways to set the tokens from each one on; from the end back. */
const bestStarts = (tokens: readonly Token[], lines: number, charsPerLineMax: number): number[] => {
  const count = tokens.length
  const cost = (from: number, to: number, length: number): number => {
    const isBad = length > charsPerLineMax ? TOO_LONG_COST * (length - charsPerLineMax) : 0
    const isPause = to === count || PAUSE.test(tokens[to - 1]?.text ?? '')
    return isBad + length ** 2 + (isPause ? 0 : COMMA_WORTH_CHARS ** 2)
  }
  let costs = Array.from({ length: count + 1 }, (_, from) => (from === count ? 0 : Infinity))
  const choices: number[][] = []
  for (let line = 0; line < lines; line++) {
    const next = Array.from({ length: count + 1 }, () => Infinity)
    const choice = Array.from({ length: count + 1 }, () => count)
    for (let from = 0; from < count; from++) {
      let length = 0
      for (let to = from + 1; to <= count; to++) {
        const token = tokens[to - 1]
        if (token === undefined) break
        length += token.length + (to - 1 > from && token.spaceBefore ? 1 : 0)
        const total = cost(from, to, length) + (costs[to] ?? Infinity)
        if (total < (next[from] ?? Infinity)) {
          next[from] = total
          choice[from] = to
        }
      }
    }
    costs = next
    choices.unshift(choice)
  }
  const starts: number[] = []
  let at = 0
  for (const choice of choices) {
    starts.push(at)
    at = choice[at] ?? count
  }
  return starts.filter((start) => start < count)
}
