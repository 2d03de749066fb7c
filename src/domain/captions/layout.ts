import type { Transcript } from '../transcript.ts'
import { toMilliseconds } from '../to-milliseconds.ts'
import type { Cue } from './cue.ts'
import { breakLines, type LineLimits } from './lines.ts'
import { spokenTokens, type SpokenToken } from './tokens.ts'

export interface CaptionLimits extends LineLimits {
  /** Reading speed: characters as readers see them, spaces included. */
  readonly charsPerSecondMax: number
}

/** Common practice of broadcasters for adults; scripts of whole syllables and words are read slower. */
const USUAL: CaptionLimits = { charsPerLineMax: 42, linesMax: 2, charsPerSecondMax: 20 }
const BY_LANGUAGE: Readonly<Record<string, CaptionLimits>> = {
  ja: { charsPerLineMax: 16, linesMax: 2, charsPerSecondMax: 8 },
  ko: { charsPerLineMax: 16, linesMax: 2, charsPerSecondMax: 12 },
  zh: { charsPerLineMax: 16, linesMax: 2, charsPerSecondMax: 9 },
}

/** What a language's readers are used to. *Language:* BCP 47. */
export const usualCaptionLimits = (language: string): CaptionLimits =>
  BY_LANGUAGE[language.split('-')[0]?.toLowerCase() ?? ''] ?? USUAL

/** A pause of this length parts two subtitles: none stands over silence. */
const SILENCE_SECONDS = 0.7
/** After its last word a subtitle stays for as long as reading takes, but no longer than this. */
const LINGER_SECONDS_MAX = 0.5
/** Shorter ones are not noticed (five sixths of a second); longer ones are read twice. */
const CUE_SECONDS_MIN = 5 / 6
const CUE_SECONDS_MAX = 7
/** What a subtitle is that no time is left for: a frame. */
const FRAME_SECONDS = 0.04

/** What speaks against a way to part the words; found by looking at subtitles made with it. */
const COST = {
  /** Of every subtitle: few are better than many. */
  cue: 6,
  perCharPerSecondTooFast: 4,
  tooShort: 6,
  breakInClause: 8,
  breakAfterClause: 2,
} as const

const SENTENCE_END = /[.!?…。！？؟।]["'”’»)\]」』]*$/u
const CLAUSE_END = /[,;:،、，；：–—-]["'”’»)\]」』]*$/u

/**
 * Lays a transcript out as subtitles, each within the limits of lines and characters, from its first
 * word to its last, and a little longer where reading takes it. They never overlap, never stand over
 * silence, and leave nothing out. Where people speak faster than others read, the speed is exceeded as
 * little as the words allow. Takes time in proportion to the number of words.
 */
export const layOutCues = (transcript: Transcript, limits: CaptionLimits): Cue[] => {
  const tokens = spokenTokens(transcript, limits.charsPerLineMax)
  const ends = cheapestEnds(tokens, limits)
  const cues: Cue[] = []
  let freeFromSeconds = 0
  for (let from = 0; from < tokens.length;) {
    const to = ends[from] ?? tokens.length
    const cue = cueOf(tokens, { from, to }, limits, freeFromSeconds)
    cues.push(cue)
    freeFromSeconds = cue.endSeconds
    from = to
  }
  return cues
}

/** For each token the end (exclusive) of the best subtitle that begins with it, from the last one back. */
const cheapestEnds = (tokens: readonly SpokenToken[], limits: CaptionLimits): Int32Array => {
  const count = tokens.length
  const ends = new Int32Array(count)
  const costs = new Float64Array(count + 1)
  for (let from = count - 1; from >= 0; from--) {
    let best = Infinity
    for (const { to, cost } of waysFrom(tokens, from, limits)) {
      const total = cost + (costs[to] ?? 0)
      if (total >= best) continue
      best = total
      ends[from] = to
    }
    costs[from] = best
  }
  return ends
}

/** Every end that a subtitle from this token may have, and what speaks against it. */
function* waysFrom(
  tokens: readonly SpokenToken[],
  from: number,
  limits: CaptionLimits,
): Generator<{ to: number; cost: number }> {
  const first = tokens[from]
  if (first === undefined) return
  let lines = 1
  let used = 0
  let length = 0
  for (let to = from + 1; to <= tokens.length; to++) {
    const last = tokens[to - 1]
    if (last === undefined) return
    const space = to - 1 > from && last.spaceBefore ? 1 : 0
    length += last.length + space
    if (used > 0 && used + space + last.length > limits.charsPerLineMax) {
      lines += 1
      used = last.length
    } else used += last.length + space
    const isOne = to - from === 1
    if (!isOne && lines > limits.linesMax) return
    if (!isOne && last.endSeconds - first.startSeconds > CUE_SECONDS_MAX) return
    const next = tokens[to]
    yield { to, cost: cueCost({ first, last, next, length }, limits) }
    if (next !== undefined && isApart(last, next)) return
  }
}

const isApart = (last: SpokenToken, next: SpokenToken): boolean =>
  next.startSeconds - last.endSeconds >= SILENCE_SECONDS || next.speaker !== last.speaker

const cueCost = (
  cue: {
    readonly first: SpokenToken
    readonly last: SpokenToken
    readonly next: SpokenToken | undefined
    readonly length: number
  },
  limits: CaptionLimits,
): number => {
  const { first, last, next, length } = cue
  const untilSeconds = Math.min(
    last.endSeconds + LINGER_SECONDS_MAX,
    next?.startSeconds ?? Infinity,
  )
  const seconds = Math.max(FRAME_SECONDS, untilSeconds - first.startSeconds)
  const tooFast = Math.max(0, length / seconds - limits.charsPerSecondMax)
  const isOver = next === undefined || isApart(last, next) || SENTENCE_END.test(last.text)
  const breakCost = isOver
    ? 0
    : CLAUSE_END.test(last.text)
      ? COST.breakAfterClause
      : COST.breakInClause
  return (
    COST.cue +
    breakCost +
    tooFast * COST.perCharPerSecondTooFast +
    (seconds < CUE_SECONDS_MIN ? COST.tooShort : 0)
  )
}

const cueOf = (
  tokens: readonly SpokenToken[],
  { from, to }: { readonly from: number; readonly to: number },
  limits: CaptionLimits,
  freeFromSeconds: number,
): Cue => {
  const shown = tokens.slice(from, to)
  const text = breakLines(shown, limits)
  const length = shown.reduce((sum, token) => sum + token.length + (token.spaceBefore ? 1 : 0), 0)
  const startSeconds = Math.max(freeFromSeconds, shown[0]?.startSeconds ?? 0)
  const spokenUntil = Math.max(startSeconds, shown.at(-1)?.endSeconds ?? 0)
  const wanted = startSeconds + Math.max(CUE_SECONDS_MIN, length / limits.charsPerSecondMax)
  const lingering = Math.min(wanted, spokenUntil + LINGER_SECONDS_MAX)
  const nextStart = tokens[to]?.startSeconds ?? Infinity
  const endSeconds = Math.max(spokenUntil, Math.min(lingering, nextStart))
  return {
    startSeconds: toMilliseconds(startSeconds),
    endSeconds: toMilliseconds(Math.max(endSeconds, startSeconds + FRAME_SECONDS)),
    text,
  }
}
