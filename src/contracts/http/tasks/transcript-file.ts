import { z } from 'zod'
import type { Transcript } from '../../../domain/transcript.ts'

const timedText = { start: z.number(), end: z.number(), text: z.string() }

/** What a transcription makes, as JSON: times in seconds. */
export const transcriptFile = z.object({
  language: z.string(),
  duration: z.number(),
  text: z.string(),
  segments: z.array(z.object({ ...timedText, speaker: z.string().optional() })),
  words: z.array(z.object(timedText)).optional(),
})
export type TranscriptFile = z.infer<typeof transcriptFile>

const written = ({ startSeconds, endSeconds, text }: Transcript['words'][number]) => ({
  start: startSeconds,
  end: endSeconds,
  text,
})

const read = ({ start, end, text }: { start: number; end: number; text: string }) => ({
  startSeconds: start,
  endSeconds: end,
  text,
})

/** The file of a transcript, with as much of it as was asked for. */
export const writeTranscript = (
  transcript: Transcript,
  wish: { readonly words: boolean; readonly speakers: boolean },
): TranscriptFile => ({
  language: transcript.language,
  duration: transcript.durationSeconds,
  text: transcript.segments.map(({ text }) => text).join(' '),
  segments: transcript.segments.map((segment) => ({
    ...written(segment),
    ...(wish.speakers && segment.speaker !== undefined ? { speaker: segment.speaker } : {}),
  })),
  ...(wish.words ? { words: transcript.words.map(written) } : {}),
})

/** The transcript that such a file was written from. */
export const readTranscript = (file: unknown): Transcript => {
  const { language, duration, segments, words = [] } = transcriptFile.parse(file)
  return {
    language,
    durationSeconds: duration,
    segments: segments.map((segment) => ({
      ...read(segment),
      ...(segment.speaker === undefined ? {} : { speaker: segment.speaker }),
    })),
    words: words.map(read),
  }
}
