import { z } from 'zod'
import { MediaError } from '../../domain/failures.ts'
import { tidyTimes, type TimedText, type Transcript } from '../../domain/transcript.ts'
import { languageOfName } from './language-names.ts'

const timed = z.object({ start: z.number(), end: z.number() })
const word = timed.extend({ word: z.string() })
const segment = timed.extend({
  text: z.string(),
  speaker: z.string().nullish(),
  no_speech_prob: z.number().nullish(),
  avg_logprob: z.number().nullish(),
  words: z.array(word).nullish(),
})
const answer = z.object({
  text: z.string().nullish(),
  language: z.string().nullish(),
  duration: z.coerce.number().nullish(),
  segments: z.array(segment).nullish(),
  words: z.array(word).nullish(),
})
type Segment = z.output<typeof segment>

/**
 * Reads what a server of the OpenAI dialect answers: `verbose_json` with words beside the segments
 * (OpenAI, faster-whisper) or within them and in pieces (whisper.cpp), or segments with speakers.
 * *Errors:* PROVIDER_OUTPUT_INVALID; PROVIDER_REJECTED when there is text without any times, which is how
 * the model is and not an accident.
 */
export const readOpenaiTranscript = (
  body: unknown,
  asked: { readonly language: string | null; readonly durationSeconds: number },
): Transcript => {
  const parsed = answer.safeParse(body)
  if (!parsed.success) {
    throw new MediaError('PROVIDER_OUTPUT_INVALID', `no transcript: ${parsed.error.message}`)
  }
  const { text, language, segments, words } = parsed.data
  if (!segments && !words && text == null) {
    throw new MediaError('PROVIDER_OUTPUT_INVALID', 'neither text nor segments nor words')
  }
  const spoken = (segments ?? []).filter((part) => !isImagined(part))
  const imagined = (segments ?? []).filter(isImagined)
  if (!segments?.length && !words?.length && text?.trim()) {
    throw new MediaError('PROVIDER_REJECTED', 'the model gives no times; use one with verbose_json')
  }
  const allWords = words?.length
    ? words.filter((part) => !imagined.some((over) => isWithin(part, over)))
    : spoken.flatMap((part) => part.words ?? [])
  const { durationSeconds } = asked
  return {
    language: asked.language ?? languageOfName(language ?? ''),
    durationSeconds,
    segments: tidyTimes(
      spoken.map((part) => ({
        ...timesOf(part),
        text: part.text,
        ...(part.speaker == null ? {} : { speaker: part.speaker }),
      })),
      durationSeconds,
    ),
    words: tidyTimes(wholeWords(allWords), durationSeconds),
  }
}

/** Whisper's own rule for text that it makes up over silence. */
const isImagined = ({ no_speech_prob: noSpeech, avg_logprob: sureness }: Segment): boolean =>
  (noSpeech ?? 0) > 0.6 && (sureness ?? 0) < -1

type Times = z.output<typeof timed>

const isWithin = (part: Times, whole: Times): boolean => {
  const middle = (part.start + part.end) / 2
  return middle >= whole.start && middle < whole.end
}

const timesOf = ({ start, end }: Times) => ({ startSeconds: start, endSeconds: end })

/**
 * whisper.cpp gives the pieces of words, of which the first begins with a space; others give whole words,
 * with a space before each or before none.
 */
const wholeWords = (parts: readonly z.output<typeof word>[]): TimedText[] => {
  const areSpaced = parts.some(({ word: text }) => text.startsWith(' '))
  const words: TimedText[] = []
  for (const part of parts) {
    const before = words.at(-1)
    // Marks such as [_BEG_] are no text.
    if (/^\s*\[_[A-Z0-9_]+\]\s*$/.test(part.word)) continue
    if (areSpaced && before !== undefined && !part.word.startsWith(' ')) {
      words[words.length - 1] = {
        ...before,
        endSeconds: Math.max(before.endSeconds, part.end),
        text: before.text + part.word,
      }
    } else words.push({ ...timesOf(part), text: part.word.trim() })
  }
  return words
}
