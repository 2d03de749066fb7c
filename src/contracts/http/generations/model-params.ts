/** What jobs that models do are given. */

import { z } from 'zod'
import type { JobSource, ModelParams } from '../../../domain/generation/job-params.ts'
import type { ModelOperation } from '../../../domain/generation/operations.ts'
import { SCENES_MAX } from '../../../domain/generation/scenes.ts'
import {
  frameRateField,
  lastingField,
  oneSourceField,
  sideField,
  sourceField,
  textField,
} from './plan-fields.ts'
import { captionStyleField } from './caption-style.ts'

export const modelNameField = z.string().min(1).max(200)
export const providerNameField = z.string().min(1).max(100)

/** A model by its name alone, or with who runs it. */
const choiceField = z.union([
  modelNameField.transform((model) => ({ model, provider: undefined })),
  z.strictObject({ model: modelNameField, provider: providerNameField.optional() }),
])

/** What a model has beyond the common parameters; the table of models knows which. */
const ownParamField = z.union([z.string().max(10_000), z.number(), z.boolean()])

const imagesField = z
  .union([
    sourceField.transform((source): readonly JobSource[] => [source]),
    z.array(sourceField).min(1).max(20),
  ])
  .meta({ description: 'One image, or several for models that look at several.' })

const FIELDS = {
  model: modelNameField
    .optional()
    .meta({ description: 'A name of `GET /v1/generations/models`; without it the common one.' }),
  provider: providerNameField
    .optional()
    .meta({ description: 'Who runs it; without it the first that this server has.' }),
  prompt: textField.optional(),
  negativePrompt: z.string().optional(),
  text: textField.optional(),
  voice: z.string().max(200).optional(),
  language: z.string().min(2).max(35).optional(),
  image: imagesField.optional(),
  endImage: sourceField.optional(),
  audio: oneSourceField.optional(),
  video: oneSourceField.optional(),
  transcript: sourceField.optional(),
  duration: lastingField.optional().meta({ description: 'Seconds.' }),
  width: sideField.optional(),
  height: sideField.optional(),
  aspectRatio: z.string().max(20).optional(),
  frameRate: frameRateField.optional(),
  seed: z.int().min(0).max(4_294_967_295).optional(),
  schema: z.record(z.string(), z.unknown()).optional(),
}
type Fields = typeof FIELDS
type FieldName = keyof Fields

const fieldsOf = <Name extends FieldName>(...names: readonly Name[]) =>
  z
    .object(
      Object.fromEntries(
        (['model', 'provider', ...names] as const).map((name) => [name, FIELDS[name]]),
      ) as Pick<Fields, Name | 'model' | 'provider'>,
    )
    .catchall(ownParamField)

/** The fields of each operation; others are the model's own. */
export const MODEL_PARAMS = {
  generateImage: fieldsOf(
    ...(['prompt', 'negativePrompt', 'image', 'aspectRatio', 'width', 'height', 'seed'] as const),
  ),
  generate: fieldsOf(
    ...(['prompt', 'negativePrompt', 'image', 'endImage', 'audio', 'duration'] as const),
    ...(['aspectRatio', 'width', 'height', 'frameRate', 'seed'] as const),
  ),
  generateAudio: fieldsOf('text', 'voice', 'language', 'audio', 'video', 'seed'),
  generateText: fieldsOf('prompt', 'schema', 'seed'),
  transcribe: fieldsOf('audio', 'video', 'language'),
  translate: fieldsOf('transcript', 'language'),
  removeBackground: fieldsOf('image', 'video'),
  reframe: fieldsOf('video', 'aspectRatio', 'prompt'),
  lipSync: fieldsOf('video', 'audio'),
} as const satisfies Record<Exclude<ModelOperation, 'expand'>, z.ZodType>

export const expandParams = z.strictObject({
  model: FIELDS.model,
  provider: FIELDS.provider,
  prompt: z.string().min(1).max(20_000),
  scenes: z
    .int()
    .min(1)
    .max(SCENES_MAX)
    .default(5)
    .meta({ description: 'At most so many; each becomes an image, a video and a voice.' }),
  image: choiceField.nullable().optional(),
  video: choiceField.nullable().optional(),
  voice: choiceField.nullable().optional(),
  captions: z
    .union([z.boolean(), captionStyleField])
    .default(false)
    .meta({ description: 'True, or a style.' }),
  transcriber: choiceField.optional(),
  aspectRatio: z.string().max(20).default('16:9'),
})

type ReadFields = { readonly [Name in FieldName]?: z.output<Fields[Name]> | undefined }

/** What was read, but for who is asked, in the names of the domain. */
export const modelParamsOf = (
  read: ReadFields & Readonly<Record<string, unknown>>,
): ModelParams => {
  const { model: _model, provider: _provider, image, duration, width, height, ...rest } = read
  const [first, ...further] = image ?? []
  const named = Object.entries({
    image: first,
    furtherImages: further.length > 0 ? further : undefined,
    durationSeconds: duration,
    widthPx: width,
    heightPx: height,
    ...Object.fromEntries(Object.entries(rest).filter(([name]) => name in FIELDS)),
  }).filter(([, value]) => value !== undefined)
  const own = Object.entries(rest).filter(
    ([name, value]) => !(name in FIELDS) && value !== undefined,
  )
  return {
    ...Object.fromEntries(named),
    ...(own.length > 0 ? { extra: Object.fromEntries(own) } : {}),
  } as ModelParams
}
