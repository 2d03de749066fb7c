/** What jobs that FFmpeg does are given. */

import { z } from 'zod'
import type {
  JobSource,
  Layer,
  MediaParams,
  MergeItem,
} from '../../../domain/generation/job-params.ts'
import { mediaOfUrl } from '../../../domain/generation/made-media.ts'
import type { MediaOperation } from '../../../domain/generation/operations.ts'
import { LOUDNESS_TARGET_LUFS } from '../../../domain/loudness.ts'
import {
  AUDIO_FORMATS,
  IMAGE_FORMATS,
  QUALITIES,
  VIDEO_FORMATS,
} from '../../../domain/media-conversions.ts'
import { captionStyleField, captionStyleOf } from './caption-style.ts'
import {
  colorField,
  frameRateField,
  lastingField,
  oneSourceField,
  placementField,
  secondsField,
  shareField,
  sideField,
  sourceField,
  volumeField,
} from './plan-fields.ts'

/** More is a film of another making: every clip is a file that is open at the same time. */
const ITEMS_MAX = 1_000
const LAYERS_MAX = 50
const WORDS_MAX = 50_000

const fitField = z.enum(['contain', 'cover'])

/** What an item is where nobody says. */
const typeOf = (source: JobSource): MergeItem['type'] => {
  const media = source.from === 'job' ? source.media : null
  const guess = source.from === 'url' ? mediaOfUrl(source.url) : media
  return guess === 'image' || guess === 'audio' ? guess : 'video'
}

const mergeItem = z
  .strictObject({
    type: z.enum(['video', 'image', 'audio']).optional(),
    url: oneSourceField,
    duration: lastingField.optional(),
    offset: secondsField.default(0).meta({ description: 'Of an audio: from when it sounds.' }),
    volume: volumeField.default(1),
  })
  .transform(({ type, url, duration, offset, volume }): MergeItem => ({
    type: type ?? typeOf(url),
    source: url,
    durationSeconds: duration ?? null,
    offsetSeconds: offset,
    volume,
  }))

const merge = z
  .strictObject({
    items: z.array(mergeItem).min(1).max(ITEMS_MAX),
    width: sideField.optional(),
    height: sideField.optional(),
    frameRate: frameRateField.optional(),
    fit: fitField.default('contain'),
    loudness: z
      .number()
      .min(-40)
      .max(-5)
      .nullable()
      .default(LOUDNESS_TARGET_LUFS)
      .meta({ description: 'LUFS of the whole; null leaves it as it is.' }),
    lengths: z.enum(['trim', 'freeze', 'stretch']).default('trim').meta({
      description:
        'What is done with a clip that is not as long as its `duration`. The whole ends with its last picture, and sounds are cut off there; with `freeze` that picture stands until they have ended.',
    }),
  })
  .refine(({ items }) => items.some(({ type }) => type !== 'audio'), {
    path: ['items'],
    error: 'has nothing to be seen: give a video or an image',
  })
  .transform(({ items, width, height, frameRate, fit, loudness, lengths }) => ({
    ...{ items, fit, lengths, loudnessLufs: loudness, frameRate: frameRate ?? null },
    ...{ widthPx: width ?? null, heightPx: height ?? null },
  }))

const chromaKeyObject = z.strictObject({
  color: colorField.default('#00ff00'),
  similarity: shareField.default(0.3),
  blend: shareField.default(0.1),
})

const layerItem = z
  .strictObject({
    media: oneSourceField,
    placement: placementField.optional(),
    opacity: shareField.default(1),
    start: secondsField.default(0),
    end: lastingField.optional(),
    chromaKey: z.union([z.boolean(), chromaKeyObject]).default(false),
    chromaKeyColor: colorField.optional(),
    similarity: shareField.optional(),
    blend: shareField.optional(),
    volume: volumeField.default(1),
    /** The first layer is the background, whoever is called main. */
    main: z.boolean().optional(),
  })
  .check(({ value: { start, end }, issues }) => {
    if (end === undefined || end > start) return
    issues.push({ code: 'custom', input: end, path: ['end'], message: 'is not after start' })
  })
  .transform(({ media, placement, opacity, start, end, volume, ...key }): Layer => {
    const { chromaKey, chromaKeyColor, similarity, blend } = key
    const isKeyed = chromaKey !== false || chromaKeyColor !== undefined
    const given = typeof chromaKey === 'object' ? chromaKey : chromaKeyObject.parse({})
    return {
      ...{ source: media, placement: placement ?? null, opacity, volume },
      ...{ startSeconds: start, endSeconds: end ?? null },
      chromaKey: isKeyed
        ? {
            color: chromaKeyColor ?? given.color,
            similarity: similarity ?? given.similarity,
            blend: blend ?? given.blend,
          }
        : null,
    }
  })

const layer = z.strictObject({ layers: z.array(layerItem).min(1).max(LAYERS_MAX) })

const captionWord = z
  .strictObject({ word: z.string().max(200), start: secondsField, end: secondsField })
  .transform(({ word, start, end }) => ({ word, startSeconds: start, endSeconds: end }))
const captionWords = z.array(captionWord).min(1).max(WORDS_MAX)

const addSubtitles = z
  .strictObject({
    video: oneSourceField,
    transcript: z.union([sourceField, captionWords]).optional(),
    captions: captionWords.optional(),
    style: captionStyleField.prefault({}),
  })
  .transform(({ video, transcript, captions, style }, context) => {
    const words = captions ?? transcript
    if (words !== undefined) return { video, words, style: captionStyleOf(style) }
    context.addIssue({
      code: 'custom',
      path: ['transcript'],
      message: 'is missing',
      params: { fix: 'Give the job that transcribes, or words of your own as `captions`.' },
    })
    return z.NEVER
  })

const resize = z
  .strictObject({
    source: oneSourceField,
    width: sideField.optional(),
    height: sideField.optional(),
    fit: fitField.default('contain'),
  })
  .refine(({ width, height }) => width !== undefined || height !== undefined, {
    path: ['width'],
    error: 'is missing, and so is height: give one of them',
  })
  .transform(({ source, width, height, fit }) => ({
    ...{ source, fit },
    ...{ widthPx: width ?? null, heightPx: height ?? null },
  }))

const convert = z.strictObject({
  source: oneSourceField,
  format: z.enum([...new Set([...VIDEO_FORMATS, ...AUDIO_FORMATS, ...IMAGE_FORMATS])]),
  quality: z.enum(QUALITIES).default('medium'),
})

const trim = z
  .strictObject({
    source: oneSourceField,
    start: secondsField.default(0),
    end: lastingField.optional(),
    duration: lastingField.optional(),
  })
  .check(({ value: { start, end, duration }, issues }) => {
    const push = (message: string) =>
      issues.push({ code: 'custom', input: end, path: ['end'], message })
    if (end !== undefined && end <= start) push('is not after start')
    if (end !== undefined && duration !== undefined) push('says the same as duration: give one')
  })
  .transform(({ source, start, end, duration }) => ({
    source,
    startSeconds: start,
    endSeconds: end ?? (duration === undefined ? null : start + duration),
  }))

const extractAudio = z.strictObject({
  video: oneSourceField,
  format: z.enum(AUDIO_FORMATS).default('mp3'),
})

const thumbnail = z
  .strictObject({
    video: oneSourceField,
    at: secondsField.optional().meta({ description: 'Seconds; without it the best frame.' }),
    width: sideField.optional(),
    format: z.enum(['jpg', 'png', 'webp']).default('jpg'),
  })
  .transform(({ video, at, width, format }) => ({
    ...{ video, format },
    ...{ atSeconds: at ?? null, widthPx: width ?? null },
  }))

/** Each operation's parameters, read into what FFmpeg's side takes. */
export const MEDIA_PARAMS = {
  merge,
  layer,
  addSubtitles,
  resize,
  convert,
  trim,
  extractAudio,
  thumbnail,
} as const satisfies { readonly [Name in MediaOperation]: z.ZodType<MediaParams[Name]> }
