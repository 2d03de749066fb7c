/** Options of the kinds that turn one file into another one. */

import { z } from 'zod'
import { CODECS_BY_FORMAT } from '../../../domain/conversion-codecs.ts'
import {
  AUDIO_FORMATS,
  IMAGE_FORMATS,
  VIDEO_CODECS,
  VIDEO_FORMATS,
} from '../../../domain/media-conversions.ts'
import {
  endsAfterStart,
  fitField,
  languageField,
  momentField,
  pixelsField,
  qualityField,
} from './option-fields.ts'

export const videoTaskOptions = z
  .strictObject({
    format: z.enum(VIDEO_FORMATS).default('mp4'),
    codec: z.enum(VIDEO_CODECS).optional(),
    width: pixelsField.optional(),
    height: pixelsField.optional(),
    fit: fitField.default('contain'),
    start: momentField.optional(),
    end: momentField.optional(),
    quality: qualityField.default('medium'),
    fps: z.number().min(1).max(120).optional(),
    audio: z.boolean().default(true),
  })
  .check(endsAfterStart)
  .check(({ value: { format, codec }, issues }) => {
    if (codec === undefined || CODECS_BY_FORMAT[format].includes(codec)) return
    issues.push({
      code: 'custom',
      input: codec,
      path: ['codec'],
      message: `does not go with the format ${format}`,
    })
  })
export type VideoTaskOptions = z.infer<typeof videoTaskOptions>

/** With the format `json` the answer is what is said, as a `transcription` gives it. */
export const audioTaskOptions = z
  .strictObject({
    format: z.enum([...AUDIO_FORMATS, 'json']).default('mp3'),
    quality: qualityField.default('medium'),
    start: momentField.optional(),
    end: momentField.optional(),
    /** Brings the loudness to the level of streaming services, in two passes. */
    normalize: z.boolean().default(false),
    /** Of the speech; only for `json`. */
    language: languageField.optional(),
  })
  .check(endsAfterStart)
export type AudioTaskOptions = z.infer<typeof audioTaskOptions>

export const imageTaskOptions = z.strictObject({
  /** In seconds, or `best`: the frame that shows most. */
  start: z
    .union([momentField, z.literal('best')], { error: 'is neither a number of seconds nor best' })
    .default('best'),
  width: pixelsField.optional(),
  height: pixelsField.optional(),
  fit: fitField.default('contain'),
  format: z.enum(IMAGE_FORMATS).default('jpg'),
})
export type ImageTaskOptions = z.infer<typeof imageTaskOptions>
