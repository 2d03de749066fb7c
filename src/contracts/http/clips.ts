import { z } from 'zod'
import { CLIP_COUNT, CLIP_FORMATS, CLIP_SECONDS } from '../../domain/clips/clip-wish.ts'
import { CAPTION_PRESETS } from '../../domain/generation/job-params.ts'
import { httpUrlField } from './fields.ts'
import { languageField } from './localizations.ts'
import { mediumFields, namesOneMedium, ONE_MEDIUM } from './orders.ts'

const lengthField = z.number().min(CLIP_SECONDS.min).max(CLIP_SECONDS.max)

export const clipOrder = z
  .strictObject({
    ...mediumFields,
    url: httpUrlField
      .optional()
      .meta({ description: 'Of a file, or of the page of a video on one of the usual sites.' }),
    count: z
      .int()
      .min(1)
      .max(CLIP_COUNT.max)
      .default(CLIP_COUNT.usual)
      .meta({ description: 'At most; there are fewer when the video has no more to give.' }),
    minSeconds: lengthField.default(CLIP_SECONDS.usualMin),
    maxSeconds: lengthField.default(CLIP_SECONDS.usualMax),
    format: z.enum(CLIP_FORMATS).default('vertical_1080'),
    captions: z
      .union([
        z.literal(false),
        z.strictObject({
          preset: z.enum(CAPTION_PRESETS).default('tiktok'),
          language: languageField
            .optional()
            .meta({ description: 'What is spoken; without it the engine finds out.' }),
        }),
      ])
      .default({ preset: 'tiktok' }),
    prompt: z
      .string()
      .min(1)
      .max(1000)
      .optional()
      .meta({ description: 'What is looked for: "the funniest answers".' }),
    priority: z.int().min(1).max(5).optional(),
  })
  .refine(namesOneMedium, ONE_MEDIUM)
  .refine(({ minSeconds, maxSeconds }) => minSeconds <= maxSeconds, {
    path: ['minSeconds'],
    error: 'must not be more than maxSeconds',
  })
