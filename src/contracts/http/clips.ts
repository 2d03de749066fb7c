import { z } from 'zod'
import {
  CLIP_COUNT,
  CLIP_FORMATS,
  CLIP_LAYOUTS,
  CLIP_SECONDS,
  DEGRADATIONS,
} from '../../domain/clips/clip-wish.ts'
import { CAPTION_PRESETS } from '../../domain/generation/job-params.ts'
import { httpUrlField, idField, timeField } from './fields.ts'
import { languageField } from './localizations.ts'
import { mediumFields, namesOneMedium, ONE_MEDIUM, orderAccepted } from './orders.ts'

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
    params: { fix: 'Give less, or a larger maxSeconds.' },
  })

/** What is burned in, in answers and changes. */
const captionsFields = { preset: z.enum(CAPTION_PRESETS) }
const momentField = z.number().min(0)

/** Changes of a clip; what is missing stays. */
export const clipEdit = z
  .strictObject({
    start: momentField.optional().meta({ description: 'In seconds of the video it is cut from.' }),
    end: momentField.optional(),
    captions: z
      .union([
        z.literal(false),
        z.strictObject({
          preset: captionsFields.preset.optional(),
          language: languageField.optional().meta({
            description: 'As it was ordered: nothing is transcribed again.',
          }),
        }),
      ])
      .optional(),
    format: z.enum(CLIP_FORMATS).optional(),
    priority: z.int().min(1).max(5).optional(),
  })
  .refine(
    ({ start, end, captions, format }) =>
      [start, end, captions, format].some((change) => change !== undefined),
    {
      path: ['start'],
      error: 'or else end, captions or format is needed: nothing would change',
      params: { fix: 'Give at least one of them.' },
    },
  )
export type ClipEdit = z.infer<typeof clipEdit>

export const clipRegeneration = z.strictObject({
  prompt: z
    .string()
    .min(1)
    .max(1000)
    .optional()
    .meta({ description: 'What is looked for, if not what was looked for at first.' }),
  priority: z.int().min(1).max(5).optional(),
})

/** A new version of a clip that was ordered. */
export const recutAccepted = orderAccepted.extend({ clipId: idField('clip') })

export const clipParams = z.object({ id: idField('clip') })
export const clipQuery = z.object({
  executionId: idField('execution').meta({ description: 'The order that made them.' }),
})

const scoreField = z.number().min(0).max(100)

/** A clip in its newest version. */
export const clip = z
  .object({
    id: idField('clip'),
    version: z.int().meta({ description: 'From 1; each change that was completed counts.' }),
    executionId: idField('execution').meta({ description: 'What made this version.' }),
    orderExecutionId: idField('execution').meta({ description: 'The order that made the clip.' }),
    mediaId: z.string().meta({ description: 'What it is cut from.' }),
    number: z.int(),
    startSeconds: z.number(),
    endSeconds: z.number(),
    title: z.string(),
    hook: z.string(),
    scores: z.object({
      hook: scoreField,
      engagement: scoreField,
      value: scoreField,
      shareability: scoreField,
    }),
    reason: z.string(),
    source: z.enum(['model', 'heuristic', 'customer']).meta({
      description: 'Who chose the moment. `customer`: who moved it; its scores are of before.',
    }),
    format: z.enum(CLIP_FORMATS),
    captions: z.union([
      z.literal(false),
      z.object({ ...captionsFields, language: z.string().nullable() }),
    ]),
    layout: z.enum(CLIP_LAYOUTS).meta({
      description: 'Split: the halves of two people who talk, in a part of the clip or all of it.',
    }),
    degradations: z.array(z.enum(DEGRADATIONS)),
    videoUrl: z.string(),
    thumbnailUrl: z.string(),
    createdAt: timeField,
    changingExecutionId: idField('execution')
      .nullable()
      .meta({ description: 'The change that is in work.' }),
  })
  .meta({ id: 'Clip' })
export type ClipAnswer = z.infer<typeof clip>

export const clipList = z.object({ clips: z.array(clip) })
