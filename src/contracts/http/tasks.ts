/** The tasks dialect: snake_case, as code written for the Ittybit tasks API expects it. */

import { z } from 'zod'
import { FORMATS, FRAME_RATES, RESOLUTIONS } from '../../domain/frame-size.ts'
import { DEFAULT_ACCENT_COLOR, DEFAULT_TEMPLATE, TEMPLATES } from '../../domain/render-spec.ts'
import { TASK_STATUSES } from '../../domain/statuses.ts'
import {
  failureField,
  httpUrlField,
  idField,
  lineField,
  metadataField,
  optionalTimeField,
  pageQuery,
  timeField,
} from './fields.ts'
import { priorityField } from './videos.ts'

const taskKinds = ['render'] as const

/** Even: 4:2:0 chroma needs it. */
const sidePx = z.int().min(128).max(3840).multipleOf(2)

/** What a `render` task draws. Sizes win over `format` and `resolution` when both are given. */
export const renderTaskOptions = z
  .strictObject({
    template: z.enum(TEMPLATES).default(DEFAULT_TEMPLATE),
    format: z.enum(FORMATS).default('16:9'),
    resolution: z.literal(RESOLUTIONS).default(720),
    width: sidePx.optional(),
    height: sidePx.optional(),
    fps: z.literal(FRAME_RATES).default(30),
    hdr: z.boolean().default(false),
    title: lineField(200).default(''),
    artist: lineField(200).default(''),
    accent_color: z
      .string()
      .regex(/^#[0-9a-fA-F]{6}$/, { error: 'is not a colour like #ff5c7a' })
      .default(DEFAULT_ACCENT_COLOR),
    crf: z.int().min(10).max(40).optional(),
    cover_url: httpUrlField.optional(),
    /** Fills the frame behind everything; without it the cover does, blurred. */
    background_url: httpUrlField.optional(),
  })
  .refine(({ width, height }) => (width === undefined) === (height === undefined), {
    path: ['width'],
    error: 'goes with height: give both or neither',
  })
export type RenderTaskOptions = z.infer<typeof renderTaskOptions>

export const newTask = z.strictObject({
  input: z.union([httpUrlField, idField('media')], {
    error: 'is neither an http(s) URL nor the id of a medium',
  }),
  kind: z.enum(taskKinds),
  options: renderTaskOptions.prefault({}),
  metadata: metadataField.default({}),
  webhook_url: httpUrlField.nullable().optional(),
  priority: priorityField.optional(),
})

const taskOutput = z.object({
  object: z.literal('file'),
  kind: z.literal('video'),
  url: z.string(),
  content_type: z.string(),
  filesize: z.int(),
  width: z.int(),
  height: z.int(),
  duration: z.number(),
})

export const task = z
  .object({
    id: idField('task'),
    object: z.literal('task'),
    kind: z.enum(taskKinds),
    status: z.enum(TASK_STATUSES),
    input: z.string(),
    options: z.record(z.string(), z.unknown()),
    metadata: z.record(z.string(), z.unknown()),
    webhook_url: z.string().nullable(),
    priority: z.int(),
    progress: z.number().min(0).max(100),
    output: taskOutput.nullable(),
    error: failureField.nullable(),
    created_at: timeField,
    started_at: optionalTimeField,
    finished_at: optionalTimeField,
    updated_at: timeField.meta({ description: 'The last sign of life of whoever works on it.' }),
  })
  .meta({ id: 'Task' })
export type TaskAnswer = z.infer<typeof task>

export const taskPage = z.object({ tasks: z.array(task), next_cursor: z.string().nullable() })
export const taskQuery = pageQuery.extend({ status: z.enum(TASK_STATUSES).optional() })
