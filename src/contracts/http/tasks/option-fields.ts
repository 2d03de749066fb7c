/** Fields that the options of several kinds share. */

import { z } from 'zod'
import { FITS, QUALITIES } from '../../../domain/media-conversions.ts'

/** A day; no plan has longer media. */
const SECONDS_MAX = 24 * 60 * 60

/** From the beginning of the input. */
export const momentField = z.number().min(0).max(SECONDS_MAX)

/** From a thumbnail to 8K; the encoder rounds to what its chroma needs. */
export const pixelsField = z.int().min(16).max(7680)

export const fitField = z.enum(FITS)

export const qualityField = z.enum(QUALITIES)

/** As in `de`, `pt-BR`, `zh-Hant`. */
export const languageField = z.string().regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}$/, {
  error: 'is not a language tag like de or pt-BR',
})

/** For the `check` of options with `start` and `end`: an end before the start leaves nothing. */
export const endsAfterStart: z.core.CheckFn<{
  readonly start?: number | undefined
  readonly end?: number | undefined
}> = ({ value, issues }) => {
  const { start = 0, end } = value
  if (end === undefined || end > start) return
  issues.push({
    code: 'custom',
    input: end,
    path: ['end'],
    message: 'is not after start',
  })
}
