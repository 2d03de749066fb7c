/** Finds in providers' answers what was made. All of it comes from outside and is read with care. */

import { MediaError } from '../../failures.ts'
import type { TimedText } from '../../transcript.ts'
import type { JobMedia } from '../operations.ts'
import { toMilliseconds } from '../../to-milliseconds.ts'
import type { ModelOutput } from './model-facts.ts'

type Fields = Readonly<Record<string, unknown>>

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isUrl = (value: unknown): value is string =>
  typeof value === 'string' && /^https?:\/\//i.test(value)

const noOutput = (what: string): MediaError =>
  new MediaError('PROVIDER_OUTPUT_INVALID', `the answer holds no ${what}`)

/** Where providers put the address of a file: by itself, in a list, or in an object. */
const URL_FIELDS = ['url', 'video_url', 'audio_url', 'image_url', 'output_url'] as const
const FILE_FIELDS = ['output', 'video', 'image', 'images', 'audio', 'audio_file', 'data'] as const

const firstUrl = (value: unknown, depth = 0): string | null => {
  if (isUrl(value)) return value
  // Deeper than any provider nests, and no deeper than the stack.
  if (depth > 4) return null
  if (Array.isArray(value)) return firstUrl(value[0], depth + 1)
  if (!isFields(value)) return null
  for (const field of [...URL_FIELDS, ...FILE_FIELDS]) {
    const url = firstUrl(value[field], depth + 1)
    if (url !== null) return url
  }
  return null
}

/** The first file of an answer. */
export const fileOutput =
  (media: JobMedia) =>
  (json: unknown): readonly ModelOutput[] => {
    const url = firstUrl(json)
    if (url === null) throw noOutput(media)
    return [{ kind: 'url', url, media }]
  }

/** Answers that are files already have nothing to be found in their JSON. */
export const noJsonOutput = (): readonly ModelOutput[] => {
  throw noOutput('file')
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null)

const timed = (text: unknown, start: unknown, end: unknown): TimedText[] =>
  typeof text === 'string' && typeof start === 'number' && text.trim() !== ''
    ? // The last piece of a recording often has no end.
      [
        {
          text: text.trim(),
          startSeconds: start,
          endSeconds: typeof end === 'number' ? end : start,
        },
      ]
    : []

const listOf = (value: unknown): readonly Fields[] =>
  Array.isArray(value) ? value.filter(isFields) : []

/** A sentence as its words, each with a share of the time by its letters: for models without times of
 * words. */
const wordsOf = ({ text, startSeconds, endSeconds }: TimedText): readonly TimedText[] => {
  const words = text.split(/\s+/).filter((word) => word !== '')
  const letters = words.reduce((sum, word) => sum + word.length, 0)
  let before = 0
  const momentAt = (count: number) =>
    toMilliseconds(startSeconds + ((endSeconds - startSeconds) * count) / letters)
  return words.map((word) => {
    const start = momentAt(before)
    before += word.length
    return { text: word, startSeconds: start, endSeconds: momentAt(before) }
  })
}

const LANGUAGE = /^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/

/** Models say `en`, `english` or nothing; a name is no tag. */
const languageOf = (value: unknown): string | null => {
  const language = textOf(value) ?? ''
  return LANGUAGE.test(language) ? language : null
}

const transcriptOutput = (
  json: Fields,
  segments: readonly TimedText[],
  words: readonly TimedText[],
): readonly ModelOutput[] => [
  {
    kind: 'words',
    segments,
    words: words.length > 0 ? words : segments.flatMap(wordsOf),
    language: languageOf(json['detected_language'] ?? json['language_code'] ?? json['language']),
  },
]

/** `{segments: [{start, end, text, words?: [{word, start, end}]}], detected_language}` */
export const whisperOutput = (json: unknown): readonly ModelOutput[] => {
  if (!isFields(json) || !Array.isArray(json['segments'])) throw noOutput('transcript')
  const segments = listOf(json['segments'])
  return transcriptOutput(
    json,
    segments.flatMap(({ text, start, end }) => timed(text, start, end)),
    segments.flatMap(({ words }) =>
      listOf(words).flatMap(({ word, start, end }) => timed(word, start, end)),
    ),
  )
}

/** `{text, chunks: [{text, timestamp: [start, end]}]}`, a chunk being a word. */
export const chunksOutput = (json: unknown): readonly ModelOutput[] => {
  if (!isFields(json) || !Array.isArray(json['chunks'])) throw noOutput('transcript')
  const words = listOf(json['chunks']).flatMap(({ text, timestamp }) => {
    const [start, end] = Array.isArray(timestamp) ? (timestamp as unknown[]) : []
    return timed(text, start, end)
  })
  return transcriptOutput(json, wholeOf(textOf(json['text']), words), words)
}

/** `{text, language_code, words: [{text, start, end, type}]}` */
export const scribeOutput = (json: unknown): readonly ModelOutput[] => {
  if (!isFields(json) || !Array.isArray(json['words'])) throw noOutput('transcript')
  const words = listOf(json['words'])
    .filter(({ type }) => type === undefined || type === 'word')
    .flatMap(({ text, start, end }) => timed(text, start, end))
  return transcriptOutput(json, wholeOf(textOf(json['text']), words), words)
}

/** `{language, segments: [{text, start, end}], words?: [{text, start, end}]}`: transcripts of ours. */
export const ownTranscriptOutput = (json: unknown): readonly ModelOutput[] => {
  if (!isFields(json) || !Array.isArray(json['segments'])) throw noOutput('transcript')
  const read = (value: unknown) =>
    listOf(value).flatMap(({ text, start, end }) => timed(text, start, end))
  return transcriptOutput(json, read(json['segments']), read(json['words']))
}

const wholeOf = (text: string | null, words: readonly TimedText[]): readonly TimedText[] => {
  const [first] = words
  const last = words.at(-1)
  if (first === undefined || last === undefined) return []
  const said = text?.trim() ?? ''
  return [
    {
      text: said === '' ? words.map((word) => word.text).join(' ') : said,
      startSeconds: first.startSeconds,
      endSeconds: last.endSeconds,
    },
  ]
}

/** Of a chat: `{choices: [{message: {content, refusal?}, finish_reason}]}`. A text that was cut off is
 * none. */
export const chatOutput = (json: unknown): readonly ModelOutput[] => {
  const [choice] = isFields(json) ? listOf(json['choices']) : []
  const message = isFields(choice?.['message']) ? choice['message'] : {}
  if (typeof message['refusal'] === 'string') {
    throw new MediaError('PROVIDER_REJECTED', 'the model refused')
  }
  const text = textOf(message['content'])
  if (text === null || text === '') throw noOutput('text')
  if (choice?.['finish_reason'] === 'length') throw noOutput('whole text')
  return [{ kind: 'text', text }]
}
