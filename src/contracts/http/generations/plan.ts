/** The body of a plan, in Spool's form and in the published one. */

import { z } from 'zod'
import { OPERATIONS, type Operation } from '../../../domain/generation/operations.ts'
import { MEDIA_PARAMS } from './media-params.ts'
import { expandParams, MODEL_PARAMS, modelNameField, providerNameField } from './model-params.ts'
import { jobIdField } from './plan-fields.ts'

/** What each operation is given, under the first of its spellings. */
export const OPERATION_PARAMS = {
  ...MODEL_PARAMS,
  ...MEDIA_PARAMS,
  expand: expandParams,
} as const satisfies Record<Operation, z.ZodType>

/** Other names of operations. */
const OPERATION_SPELLINGS: Readonly<Record<string, Operation>> = {
  generateVideo: 'generate',
  removeImageBackground: 'removeBackground',
  captions: 'addSubtitles',
  layers: 'layer',
}

/** Everything that a `type` may say. */
export const OPERATION_NAMES: readonly string[] = [
  ...Object.keys(OPERATIONS),
  ...Object.keys(OPERATION_SPELLINGS),
]

/** The operation of a `type`, or null. */
export const operationOf = (type: string): Operation | null => {
  if (Object.hasOwn(OPERATIONS, type)) return type as Operation
  return Object.hasOwn(OPERATION_SPELLINGS, type) ? (OPERATION_SPELLINGS[type] ?? null) : null
}

/** Other names of parameters, by the one that is read. `snake_case` is read everywhere. */
const SPELLINGS: Readonly<Record<string, string>> = {
  modelId: 'model',
  voiceId: 'voice',
  videoUrl: 'video',
  audioUrl: 'audio',
  imageUrl: 'image',
  startImage: 'image',
  lastFrameImage: 'endImage',
  languageCode: 'language',
  durationSeconds: 'duration',
  fps: 'frameRate',
}

/** What is changed or cut is whatever is given. */
const SOURCE_SPELLINGS: Readonly<Record<string, string>> = Object.fromEntries(
  ['url', 'video', 'videoUrl', 'audio', 'audioUrl', 'image', 'imageUrl', 'media', 'input'].map(
    (name) => [name, 'source'],
  ),
)

const spellingsOf = (operation: Operation): Readonly<Record<string, string>> => {
  const takesSource = operation === 'resize' || operation === 'convert' || operation === 'trim'
  return takesSource ? SOURCE_SPELLINGS : SPELLINGS
}

/** Said by writers of the published form for a machine that is not ours. */
const MEANINGLESS: ReadonlySet<string> = new Set(['unified', 'sendJobWebhook'])

/** Of the published form, and not done here: without them the result is another one, which is said. */
const IDLE: ReadonlySet<string> = new Set([
  ...['outputDuration', 'outputWidth', 'outputHeight', 'mainLayer'],
])

/** Parameters for which `null` says something. */
const NULLABLE: ReadonlySet<string> = new Set(['loudness', 'image', 'video', 'voice'])

/** Words for what another parameter says. */
const REWORDED: Readonly<Record<string, (value: unknown) => readonly [string, unknown]>> = {
  cameraMotion: (value) => ['cameraFixed', value === 'fixed'],
}

const camelCase = (name: string): string =>
  name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())

export interface SpelledParams {
  /** Under the names that are read; what is `null` is not given. */
  readonly params: Readonly<Record<string, unknown>>
  /** As it was written, by the name that is read. */
  readonly writtenAs: ReadonlyMap<string, string>
  /** Known, and without any effect here; as they were written. */
  readonly idle: readonly string[]
}

/** The parameters of a job under the names that are read. */
export const spellParams = (
  operation: Operation,
  written: Readonly<Record<string, unknown>>,
): SpelledParams => {
  const spellings = spellingsOf(operation)
  const params: Record<string, unknown> = {}
  const writtenAs = new Map<string, string>()
  const idle: string[] = []
  const takesNull = operation === 'merge' || operation === 'expand'
  for (const [name, value] of Object.entries(written)) {
    const camel = camelCase(name)
    const isSaid = value !== null || (takesNull && NULLABLE.has(camel))
    if (!isSaid || MEANINGLESS.has(camel)) continue
    if (operation === 'layer' && IDLE.has(camel)) {
      idle.push(name)
      continue
    }
    const spelled = Object.hasOwn(spellings, camel) ? (spellings[camel] ?? camel) : camel
    const [read, meant] = Object.hasOwn(REWORDED, spelled)
      ? REWORDED[spelled]!(value)
      : [spelled, value]
    // Said twice: the second stands under its own name, where it is refused.
    const key = writtenAs.has(read) ? name : read
    params[key] = meant
    writtenAs.set(key, name)
  }
  return { params, writtenAs, idle }
}

const fallbackField = z
  .strictObject({
    model: modelNameField.optional(),
    modelId: modelNameField.optional(),
    provider: providerNameField.optional(),
  })
  .refine(({ model, modelId }) => (model ?? modelId) !== undefined, {
    path: ['model'],
    error: 'is missing',
  })
  .transform(({ model, modelId, provider }) => ({ model: model ?? modelId ?? '', provider }))

/** What every job has; `params` depend on its type and are read by themselves. */
const jobEnvelope = {
  id: jobIdField,
  dependsOn: z
    .array(z.string().max(200))
    .max(1_000)
    .default([])
    .meta({ description: 'Jobs to wait for beyond those whose results are used.' }),
  output: z.string().optional().meta({ description: 'Of no meaning: results are named by `id`.' }),
  fallbacks: z
    .array(fallbackField)
    .max(10)
    .optional()
    .meta({ description: 'Tried in this order when the model fails; without it the usual ones.' }),
}

export const planJob = z.strictObject({
  ...jobEnvelope,
  type: z.string().optional(),
  operation: z.string().optional(),
  params: z.record(z.string(), z.unknown()).default({}),
})

export const maxCreditsField = z
  .int()
  .min(0)
  .nullable()
  .meta({ description: 'The run stops before the job that would exceed it.' })

/** The plan as a whole; its jobs are read one by one, so that each has its own findings. */
export const planEnvelope = z.strictObject({
  jobs: z.array(z.unknown()).min(1),
  maxCredits: maxCreditsField.default(null),
  baseExecutionId: z.string().max(100).nullish(),
})

const describedJobs = (Object.keys(OPERATION_PARAMS) as Operation[]).map((operation) =>
  z
    .strictObject({
      ...jobEnvelope,
      type: z.literal(operation),
      params: OPERATION_PARAMS[operation] as z.ZodType,
    })
    .meta({ title: operation, description: OPERATIONS[operation].summary }),
)

/** The whole in one schema, for readers and for editors. Bodies are judged job by job. */
const planBody = z
  .strictObject({ ...planEnvelope.shape, jobs: z.array(z.union(describedJobs)).min(1) })
  .meta({ title: 'Plan', description: 'Jobs for models and for FFmpeg, as a graph.' })

type JsonSchema = Record<string, unknown>
interface JobSchema extends JsonSchema {
  readonly properties: {
    readonly type: { readonly const: Operation }
    readonly params: { readonly properties: Record<string, JsonSchema> }
  }
}

/** The schema of a plan, with every spelling of its parameters. */
export const planJsonSchema = (): JsonSchema => {
  const schema = z.toJSONSchema(planBody, { io: 'input' }) as unknown as JsonSchema & {
    properties: { jobs: { items: { anyOf: JobSchema[] } } }
  }
  for (const { properties } of schema.properties.jobs.items.anyOf) {
    const fields = properties.params.properties
    for (const [written, read] of Object.entries(spellingsOf(properties.type.const))) {
      if (fields[read] === undefined || fields[written] !== undefined) continue
      fields[written] = { ...fields[read], description: `The same as \`${read}\`.` }
    }
  }
  return schema
}
