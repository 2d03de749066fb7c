/** Fields of plans, in every spelling that plans are written in, read into what the domain knows. */

import { z } from 'zod'
import type { Extent, JobSource, Placement } from '../../../domain/generation/job-params.ts'
import { JOB_MEDIA, type JobMedia } from '../../../domain/generation/operations.ts'
import { isId } from '../../../domain/ids.ts'

/** Signed URLs are long. */
const URL_LENGTH_MAX = 8_192

export const jobIdField = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, { error: 'may have letters, digits, - and _ alone, 64 at most' })
  .meta({ description: 'Unique in the plan: letters, digits, `-` and `_`, 64 at most.' })

const REFERENCE = /^_(?:([a-z]+)J|j)obDependency:(.+)$/

/** `_imageJobDependency:cover`: the image that job `cover` makes. */
const readReference = (text: string): JobSource | null => {
  const [, kind, jobId] = REFERENCE.exec(text) ?? []
  if (jobId === undefined) return null
  const media = kind as JobMedia | undefined
  if (media !== undefined && !JOB_MEDIA.includes(media)) return null
  return { from: 'job', jobId, media: media ?? null }
}

const isHttpUrl = (text: string): boolean => {
  const protocol = URL.canParse(text) ? new URL(text).protocol : ''
  return protocol === 'http:' || protocol === 'https:'
}

const readSource = (text: string): JobSource | null => {
  const reference = readReference(text)
  if (reference !== null) return reference
  if (isId('media', text)) return { from: 'medium', mediaId: text }
  return isHttpUrl(text) ? { from: 'url', url: text } : null
}

export const sourceField = z
  .string()
  .max(URL_LENGTH_MAX)
  .transform((text, context) => {
    const source = readSource(text)
    if (source !== null) return source
    context.addIssue({
      code: 'custom',
      message: 'is neither an address nor the id of a medium nor a reference to a job',
      params: { fix: 'Give an http(s) URL, a `med_…` id, or `_jobDependency:<id>`.' },
    })
    return z.NEVER
  })
  .meta({
    description:
      'An http(s) URL, the id of a medium (`med_…`), or the result of another job: `_jobDependency:<id>`, or with what is due, `_imageJobDependency:<id>` (video, image, audio, text, transcript).',
  })

/** One source, or a list of one as some writers have it. */
export const oneSourceField = z.union([
  sourceField,
  z.tuple([sourceField]).transform(([source]) => source),
])

/** A text, or a reference to the job that writes it. */
export const textField = z
  .string()
  .transform((text): string | JobSource => readReference(text) ?? text)
  .meta({ description: 'A text, or `_jobDependency:<id>` of a job that writes one.' })

/** A day; nothing is longer. */
export const secondsField = z.number().min(0).max(86_400)
export const lastingField = z.number().positive().max(86_400)
/** Up to 8K; what a model can do is judged by its own limits. */
export const sideField = z.int().min(16).max(7_680)
export const frameRateField = z.number().min(1).max(120)
export const shareField = z.number().min(0).max(1)
/** 1: as loud as it is. */
export const volumeField = z.number().min(0).max(10)

const NAMED_COLORS: Readonly<Record<string, string>> = {
  black: '#000000',
  white: '#ffffff',
  red: '#ff0000',
  green: '#008000',
  lime: '#00ff00',
  blue: '#0000ff',
  yellow: '#ffff00',
  orange: '#ffa500',
  cyan: '#00ffff',
  magenta: '#ff00ff',
  purple: '#800080',
  pink: '#ffc0cb',
  gray: '#808080',
  grey: '#808080',
  transparent: '#00000000',
}

const hex = (value: number): string =>
  Math.max(0, Math.min(Math.round(value), 255))
    .toString(16)
    .padStart(2, '0')

const RGB = /^rgba?\(\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*(?:,\s*([\d.]+)\s*)?\)$/

/** As `#rrggbb` or `#rrggbbaa`, or null. */
const readColor = (text: string): string | null => {
  const color = text.trim().toLowerCase()
  if (Object.hasOwn(NAMED_COLORS, color)) return NAMED_COLORS[color] ?? null
  const digits = /^#?([0-9a-f]{3}|[0-9a-f]{6}|[0-9a-f]{8})$/.exec(color)?.[1]
  if (digits !== undefined) {
    return `#${digits.length === 3 ? digits.replaceAll(/./g, '$&$&') : digits}`
  }
  const [, red, green, blue, alpha] = RGB.exec(color) ?? []
  if (red === undefined) return null
  const opaque = `#${[red, green, blue].map((part) => hex(Number(part))).join('')}`
  return alpha === undefined ? opaque : `${opaque}${hex(Number(alpha) * 255)}`
}

export const colorField = z
  .string()
  .max(40)
  .transform((text, context) => {
    const color = readColor(text)
    if (color !== null) return color
    context.addIssue({
      code: 'custom',
      message: 'is not a colour',
      params: { fix: 'Write it like #ff5c7a, #ff5c7a80, rgba(0,0,0,0.7) or white.' },
    })
    return z.NEVER
  })
  .meta({ description: '`#rrggbb`, `#rrggbbaa`, `rgba(…)` or a common name.' })

/** Pixels, or a share of the picture; as a number or as a text. */
const extentField = z
  .union([z.number(), z.string().regex(/^\d+(\.\d+)?(px|%)?$/)])
  .transform((value): Extent => {
    if (typeof value === 'number') return value
    return value.endsWith('%') ? `${Number(value.slice(0, -1))}%` : Number(value.replace(/px$/, ''))
  })

/** From the edge, for a picture in a picture. */
const PIP_PADDING_PX = 20
const PIP: Placement = {
  width: '25%',
  height: null,
  at: { corner: 'bottom-right', padding: PIP_PADDING_PX },
}

type Corner = Extract<Placement['at'], { corner: string }>['corner']

const CORNERS: Readonly<Record<string, Corner>> = {
  'top-left': 'top-left',
  top: 'top',
  'top-center': 'top',
  'top-right': 'top-right',
  left: 'left',
  'center-left': 'left',
  center: 'center',
  right: 'right',
  'center-right': 'right',
  'bottom-left': 'bottom-left',
  bottom: 'bottom',
  'bottom-center': 'bottom',
  'bottom-right': 'bottom-right',
}

const fractionOf = (word: string): Extent | null => {
  const [, over, under] = /^[wh]-(\d{1,2})\/(\d{1,2})$/.exec(word) ?? []
  const share = Number(over) / Number(under)
  return share > 0 && share <= 1 ? `${Math.round(share * 10_000) / 100}%` : null
}

/** `full`, `pip`, `w-1/4 bottom-right`; undefined for what is none. */
const readPlacementWords = (text: string): Placement | null | undefined => {
  const words = text.trim().toLowerCase().split(/\s+/)
  if (words.length === 1 && (words[0] === 'full' || words[0] === '')) return null
  if (words.length === 1 && (words[0] === 'pip' || words[0] === 'picture-in-picture')) return PIP
  let [width, height]: [Extent | null, Extent | null] = [null, null]
  let corner: Corner = 'center'
  for (const word of words) {
    const extent = fractionOf(word)
    if (extent !== null && word.startsWith('w')) width = extent
    else if (extent !== null) height = extent
    else if (Object.hasOwn(CORNERS, word)) corner = CORNERS[word] ?? corner
    else return undefined
  }
  return { width, height, at: { corner, padding: 0 } }
}

const placementWords = z.string().transform((text, context): Placement | null => {
  const placement = readPlacementWords(text)
  if (placement !== undefined) return placement
  context.addIssue({
    code: 'custom',
    message: 'is not a place',
    params: { fix: 'Use full, center, pip, or a size and a corner like `w-1/4 bottom-right`.' },
  })
  return z.NEVER
})

const placementObject = z
  .strictObject({
    width: extentField.optional(),
    height: extentField.optional(),
    position: z
      .union([z.strictObject({ x: extentField, y: extentField }), z.enum(Object.keys(CORNERS))])
      .optional(),
    padding: extentField.optional(),
  })
  .transform(({ width, height, position = 'center', padding = 0 }): Placement => ({
    width: width ?? null,
    height: height ?? null,
    at:
      typeof position === 'string' ? { corner: CORNERS[position] ?? 'center', padding } : position,
  }))

export const placementField = z.union([placementWords, placementObject]).meta({
  description:
    '`full`, `center`, `pip`, a size and a corner like `w-1/4 bottom-right`, or `{width, height, position, padding}` in pixels or per cent.',
})
