import { z } from 'zod'
import { CAPTION_PRESETS, type CaptionStyle } from '../../../domain/generation/job-params.ts'
import { colorField } from './plan-fields.ts'

const sizeField = z.number().min(0).max(1_000)

const WEIGHTS = { normal: 400, bold: 700 } as const

const fontWeightField = z
  .union([
    z.enum(['normal', 'bold']),
    z.int().min(100).max(900),
    z.stringFormat('weight', /^[1-9]00$/),
  ])
  .transform((weight) =>
    typeof weight === 'string' && weight in WEIGHTS
      ? WEIGHTS[weight as keyof typeof WEIGHTS]
      : Number(weight),
  )

/** Where other writers say `position: bottom`, and `alignment` of the lines to each other. */
const PLACES = { top: 'top', middle: 'middle', center: 'middle', bottom: 'bottom' } as const
const placeField = z.enum(['top', 'middle', 'center', 'bottom']).transform((place) => PLACES[place])

const alignmentField = z.union([
  placeField,
  // Lines are always in the middle of the picture's width.
  z.enum(['left', 'right']).transform(() => undefined),
])

/** What is known of a style; other words are kept, to be warned of. */
export const captionStyleField = z
  .looseObject({
    preset: z.enum(CAPTION_PRESETS).default('tiktok'),
    fontFamily: z.string().min(1).max(100).optional(),
    fontSize: z.number().min(8).max(400).optional(),
    fontWeight: fontWeightField.optional(),
    color: colorField.optional(),
    fontColor: colorField.optional(),
    outlineColor: colorField.optional(),
    outlineWidth: sizeField.optional(),
    backgroundColor: colorField.optional(),
    padding: sizeField.optional(),
    alignment: alignmentField.optional(),
    position: placeField.optional(),
    marginV: sizeField.optional(),
    marginL: sizeField.optional(),
    marginR: sizeField.optional(),
    highlightActiveWord: z.boolean().optional(),
    activeWordColor: colorField.optional(),
    inactiveWordColor: colorField.optional(),
    animationStyle: z.enum(['none', 'color', 'scale', 'glow']).optional(),
    activeWordScale: z.number().min(0.5).max(3).optional(),
  })
  .meta({ description: 'What is not given is the preset’s. Sizes are of a picture of 1080 lines.' })
const CAPTION_STYLE_NAMES = Object.keys(captionStyleField.shape)

/** A style as the renderer of captions takes it. */
export const captionStyleOf = (read: z.output<typeof captionStyleField>): CaptionStyle => {
  const { fontColor, position, color = fontColor, alignment = position, ...rest } = read
  const known = Object.entries({ ...rest, color, alignment }).filter(
    ([name, value]) => value !== undefined && CAPTION_STYLE_NAMES.includes(name),
  )
  return Object.fromEntries(known) as unknown as CaptionStyle
}

/** What is said of a style and means nothing here, each with what is known. */
export const unknownStyleWords = (style: unknown): readonly string[] =>
  typeof style === 'object' && style !== null
    ? Object.keys(style).filter((name) => !CAPTION_STYLE_NAMES.includes(name))
    : []
