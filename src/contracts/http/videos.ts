import { z } from 'zod'
import { FORMATS, FRAME_RATES, RESOLUTIONS } from '../../domain/frame-size.ts'
import { DEFAULT_ACCENT_COLOR, DEFAULT_TEMPLATE, TEMPLATES } from '../../domain/render-spec.ts'
import { VIDEO_STATUSES } from '../../domain/statuses.ts'
import { idField, lineField, optionalTimeField, pageOf, pageQuery, timeField } from './fields.ts'

const LINE_LENGTH_MAX = 200

const region = z.strictObject({
  startSeconds: z.number().min(0),
  endSeconds: z.number().positive(),
})

const videoSettings = z.strictObject({
  title: lineField(LINE_LENGTH_MAX).default(''),
  artist: lineField(LINE_LENGTH_MAX).default(''),
  accentColor: z
    .string()
    .regex(/^#[0-9a-fA-F]{6}$/, { error: 'is not a colour like #ff5c7a' })
    .default(DEFAULT_ACCENT_COLOR),
  backgroundMediaId: idField('media').nullable().default(null),
  frameRate: z.literal(FRAME_RATES).default(30),
  resolution: z
    .literal(RESOLUTIONS)
    .default(720)
    .meta({ description: 'The length of the short side, in pixels.' }),
})

export const newVideo = z.strictObject({
  audioMediaId: idField('media'),
  region,
  format: z.enum(FORMATS),
  template: z.enum(TEMPLATES).default(DEFAULT_TEMPLATE),
  hdr: z.boolean().default(false),
  settings: videoSettings.prefault({}),
})
export type NewVideo = z.infer<typeof newVideo>

export const video = z
  .object({
    id: idField('video'),
    status: z.enum(VIDEO_STATUSES),
    audioMediaId: idField('media'),
    region: z.object({ startSeconds: z.number(), endSeconds: z.number() }),
    format: z.enum(FORMATS),
    template: z.enum(TEMPLATES),
    hdr: z.boolean(),
    settings: z.object({
      title: z.string(),
      artist: z.string(),
      accentColor: z.string(),
      backgroundMediaId: z.string().nullable(),
      frameRate: z.number(),
      resolution: z.number(),
    }),
    executionId: idField('execution').nullable(),
    renderProgress: z.number().min(0).max(100).nullable(),
    renderTimeSeconds: z.number().nullable(),
    croppedAudioUrl: z.string().nullable(),
    videoUrl: z.string().nullable(),
    thumbnailUrl: z.string().nullable(),
    squareThumbnailUrl: z.string().nullable(),
    stalledAt: optionalTimeField,
    createdAt: timeField,
    updatedAt: timeField,
  })
  .meta({ id: 'Video' })
export type Video = z.infer<typeof video>

export const videoPage = pageOf('videos', video)
export const videoQuery = pageQuery

/** Temporal's scale: 1 goes first. A plan's own key is the best that it can ask for. */
export const priorityField = z.int().min(1).max(5)

export const renderOrder = z.strictObject({ priority: priorityField.optional() })
