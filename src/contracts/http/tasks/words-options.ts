/** Options of the kinds about what is said: transcripts, subtitles, translations. */

import { z } from 'zod'
import { SUBTITLE_FORMATS } from '../../../domain/captions/cue.ts'
import { languageField } from './option-fields.ts'

export const transcriptionTaskOptions = z.strictObject({
  format: z.literal('json').default('json'),
  /** Spoken; without it the engine finds out. */
  language: languageField.optional(),
  /** With the times of single words. */
  words: z.boolean().default(true),
  /** With labels of speakers, where the engine tells them apart. */
  speakers: z.boolean().default(false),
})

/** Of a medium, or of another subtitle file. What is not given follows the language's habits. */
export const subtitlesTaskOptions = z.strictObject({
  format: z.enum(SUBTITLE_FORMATS).default('vtt'),
  language: languageField.optional(),
  max_chars: z.int().min(8).max(100).optional().meta({ description: 'Characters in a line.' }),
  max_lines: z.int().min(1).max(4).optional(),
  max_cps: z.number().min(4).max(60).optional().meta({ description: 'Characters in a second.' }),
})
export type SubtitlesTaskOptions = z.infer<typeof subtitlesTaskOptions>

/** Of a medium, or of a subtitle file, whose times are kept. */
export const translationTaskOptions = z.strictObject({
  /** Into which it is translated. */
  language: languageField,
  source_language: languageField.optional(),
  format: z.enum(SUBTITLE_FORMATS).default('vtt'),
})
