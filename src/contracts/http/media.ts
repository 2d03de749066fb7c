import { z } from 'zod'
import { mediaStream } from './streams.ts'
import { httpUrlField, idField, pageOf, timeField } from './fields.ts'

const mediaKinds = ['audio', 'video', 'image'] as const

export const mediaImport = z.strictObject({
  url: httpUrlField.meta({ description: 'Fetched by the server: http or https, public.' }),
})

const containedStream = z.object({
  kind: z.enum(['audio', 'video', 'subtitle', 'data']),
  codec: z.string(),
  durationSeconds: z
    .number()
    .optional()
    .meta({ description: 'Where the file says it: pictures and sound may end apart.' }),
  sampleRateHz: z.number().optional(),
  channels: z.number().optional(),
  widthPx: z.number().optional(),
  heightPx: z.number().optional(),
  frameRate: z.number().optional(),
})

export const media = z
  .object({
    id: idField('media'),
    kind: z.enum(mediaKinds),
    fileName: z.string().nullable(),
    contentType: z.string(),
    sizeBytes: z.int(),
    durationSeconds: z.number().nullable().meta({ description: 'Null for pictures.' }),
    streams: z.array(containedStream),
    url: z
      .string()
      .meta({ description: 'Signed; it ends after a while, ask again for a new one.' }),
    createdAt: timeField,
  })
  .meta({ id: 'Media' })
export type Media = z.infer<typeof media>

/** One medium, asked for by its id. */
export const mediaDetails = media
  .extend({
    stream: mediaStream.nullable().meta({ description: 'Null before `POST /v1/streams`.' }),
  })
  .meta({ id: 'MediaDetails' })

export const mediaPage = pageOf('media', media)
