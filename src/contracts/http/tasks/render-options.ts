import { z } from 'zod'
import { FORMATS, FRAME_RATES, RESOLUTIONS } from '../../../domain/frame-size.ts'
import { DEFAULT_ACCENT_COLOR, DEFAULT_TEMPLATE, TEMPLATES } from '../../../domain/render-spec.ts'
import { httpUrlField, lineField } from '../fields.ts'

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
