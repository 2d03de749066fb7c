import { z } from 'zod'
import { SUBTITLE_FORMATS } from '../../domain/captions/cue.ts'
import { canonicalLanguage } from '../../domain/language.ts'
import { DEFAULT_LANGUAGES, LANGUAGES_MAX } from '../../domain/localization.ts'
import { mediumFields, namesOneMedium, ONE_MEDIUM } from './orders.ts'

/** In its canonical form, so that `PT-br` and `pt-BR` are one language. */
export const languageField = z
  .string()
  .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, { error: 'is not a language like en or pt-BR' })
  .max(35)
  .transform((tag, context) => {
    const language = canonicalLanguage(tag)
    if (language !== null) return language
    context.addIssue({ code: 'custom', message: 'is not a language like en or pt-BR' })
    return z.NEVER
  })
  .meta({ description: 'BCP 47: `es`, `pt-BR`.' })

export const localizationOrder = z
  .strictObject({
    ...mediumFields,
    languages: z
      .array(languageField)
      .max(LANGUAGES_MAX)
      .default([...DEFAULT_LANGUAGES])
      .transform((languages) => [...new Set(languages)])
      .meta({ description: 'To translate into; an empty list gives the subtitles alone.' }),
    sourceLanguage: languageField
      .optional()
      .meta({ description: 'What is spoken; without it the engine finds out.' }),
    formats: z
      .array(z.enum(SUBTITLE_FORMATS))
      .min(1)
      .default([...SUBTITLE_FORMATS])
      .transform((formats) => [...new Set(formats)]),
    priority: z.int().min(1).max(5).optional(),
  })
  .refine(namesOneMedium, ONE_MEDIUM)
