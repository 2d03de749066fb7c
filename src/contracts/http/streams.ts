import { z } from 'zod'
import { MEDIA_STREAM_STATUSES } from '../../domain/statuses.ts'
import { idField } from './fields.ts'
import { mediumFields, namesOneMedium, ONE_MEDIUM } from './orders.ts'
import { renditionsField } from './renditions.ts'

export const streamOrder = z
  .strictObject({
    ...mediumFields,
    renditions: renditionsField,
    hdr: z.boolean().default(false).meta({
      description: 'Keeps high dynamic range in further rungs beside the tone-mapped ones.',
    }),
    audioTracks: z.enum(['first', 'all']).default('first'),
    language: z
      .string()
      .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, { error: 'is not a language like en or pt-BR' })
      .optional()
      .meta({ description: 'What is spoken; without it the engine finds out.' }),
    priority: z.int().min(1).max(5).optional(),
  })
  .refine(namesOneMedium, ONE_MEDIUM)

const urlOrNull = z.string().nullable()

/** What a medium has for streaming it. */
export const mediaStream = z
  .object({
    executionId: idField('execution'),
    status: z.enum(MEDIA_STREAM_STATUSES),
    readyToStream: z.boolean().meta({ description: 'At least one rung can be played.' }),
    hlsUrl: urlOrNull,
    dashUrl: urlOrNull,
    posterUrl: urlOrNull,
    previewGifUrl: urlOrNull,
    previewWebpUrl: urlOrNull,
    storyboardUrl: urlOrNull,
    waveformUrl: urlOrNull,
    transcriptUrl: urlOrNull,
    captions: z.array(z.object({ language: z.string(), url: z.string() })),
  })
  .meta({ id: 'MediaStream' })
export type MediaStreamAnswer = z.infer<typeof mediaStream>
