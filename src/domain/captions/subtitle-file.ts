/**
 * Subtitle files, both ways. Own code, because the rules are few and the known parsers build a tree of
 * styles for each cue: here a file of a million cues is read in one pass, without looking back.
 */

import { MediaError } from '../failures.ts'
import type { Cue, SubtitleFormat } from './cue.ts'

/** A subtitle a second, for more than a day. */
const CUES_MAX = 100_000

const TIME = String.raw`(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})`
/** What follows the times in VTT (position, alignment) is not kept. */
const TIMING = new RegExp(String.raw`^\s*${TIME}\s*-->\s*${TIME}(?:\s|$)`)
const TIMING_LENGTH_MAX = 200
const VTT_TAG = /<[^<>]*>/g
/** SRT has no escape, so only what players take for a style is one. */
const SRT_TAG = /<\/?(?:[biu]|font)(?:\s[^<>]*)?>|\{\\[^{}]*\}/gi
const ENTITIES: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&nbsp;': '\u00a0',
  '&lrm;': '\u200e',
  '&rlm;': '\u200f',
}
const ENTITY = /&(?:amp|lt|gt|nbsp|lrm|rlm);/g
const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

export const SUBTITLE_CONTENT_TYPES = {
  vtt: 'text/vtt',
  srt: 'application/x-subrip',
} as const satisfies Record<SubtitleFormat, string>

/** A whole subtitle file. Cues without text are left out; blank lines within one would end it. */
export const writeSubtitles = (cues: readonly Cue[], format: SubtitleFormat): string => {
  const parts: string[] = format === 'vtt' ? ['WEBVTT\n'] : []
  let number = 0
  for (const { startSeconds, endSeconds, text } of cues) {
    const clean = tidyText(text)
    if (clean === '') continue
    number += 1
    const mark = format === 'vtt' ? '.' : ','
    const times = `${clockTime(startSeconds, mark)} --> ${clockTime(endSeconds, mark)}`
    parts.push(
      format === 'vtt'
        ? `${times}\n${clean.replaceAll(/[&<>]/g, (sign) => ESCAPES[sign] ?? sign)}\n`
        : `${number}\n${times}\n${clean}\n`,
    )
  }
  return parts.join('\n')
}

/**
 * Reads VTT or SRT, whichever it is, in the file's order; styles, positions, notes and what makes no
 * sense are passed over. *Errors:* SUBTITLES_UNREADABLE when nothing is left of a file that is not
 * empty; MEDIA_TOO_LARGE with more than `cuesMax` cues, as soon as they are counted.
 */
export const readSubtitles = (file: string, cuesMax = CUES_MAX): Cue[] => {
  const isVtt = /^\uFEFF?WEBVTT(?:\s|$)/.test(file)
  const cues: Cue[] = []
  let timing: Timing | null = null
  let lines: string[] = []
  const end = () => {
    if (timing !== null && lines.length > 0) {
      const text = plainText(lines.join('\n'), isVtt)
      if (text !== '') cues.push({ ...timing, text })
    }
    timing = null
    lines = []
    if (cues.length > cuesMax) {
      throw new MediaError('MEDIA_TOO_LARGE', `more than ${cuesMax} subtitles`)
    }
  }
  for (const line of linesOf(file)) {
    if (line.trim() === '') end()
    else if (timing !== null) lines.push(line)
    else timing = readTiming(line)
  }
  end()
  if (cues.length === 0 && !isVtt && file.trim() !== '') {
    throw new MediaError('SUBTITLES_UNREADABLE', 'no cue was found')
  }
  return cues
}

type Timing = Pick<Cue, 'startSeconds' | 'endSeconds'>

function* linesOf(file: string): Generator<string> {
  const lineEnd = /\r\n|\r|\n/g
  let from = 0
  for (let match = lineEnd.exec(file); match !== null; match = lineEnd.exec(file)) {
    yield file.slice(from, match.index)
    from = lineEnd.lastIndex
  }
  yield file.slice(from)
}

const readTiming = (line: string): Timing | null => {
  const match = TIMING.exec(line.slice(0, TIMING_LENGTH_MAX))
  if (match === null) return null
  const startSeconds = secondsOf(match.slice(1, 5))
  const endSeconds = secondsOf(match.slice(5, 9))
  return endSeconds > startSeconds ? { startSeconds, endSeconds } : null
}

/** Counted in milliseconds, so that what is written is read back as the same number. */
const secondsOf = ([hours = '0', minutes = '0', seconds = '0', fraction = '0']: (
  | string
  | undefined
)[]): number => {
  const wholeSeconds = (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)
  return (wholeSeconds * 1000 + Number(fraction.padEnd(3, '0'))) / 1000
}

const clockTime = (seconds: number, mark: string): string => {
  const total = Math.max(0, Math.round(seconds * 1000))
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0')
  const clock = `${two(total / 3_600_000)}:${two((total / 60_000) % 60)}:${two((total / 1000) % 60)}`
  return `${clock}${mark}${String(total % 1000).padStart(3, '0')}`
}

const plainText = (text: string, isVtt: boolean): string =>
  tidyText(
    isVtt
      ? text.replaceAll(VTT_TAG, '').replaceAll(ENTITY, (entity) => ENTITIES[entity] ?? entity)
      : text.replaceAll(SRT_TAG, ''),
  )

/** One line feed between lines, none of them blank, no space around them, no NUL. */
const tidyText = (text: string): string => {
  // Almost every one is clean already, and a file may have a hundred thousand.
  if (!/[\0\r\n]/.test(text)) return text.trim()
  return text
    .replaceAll('\0', '\uFFFD')
    .split(/\r\n|\r|\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('\n')
}
