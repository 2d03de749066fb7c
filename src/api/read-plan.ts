/** Reads the body of a plan, job by job, so that everything that is wrong with it is said at once. */

import type { z } from 'zod'
import { captionStyleOf, unknownStyleWords } from '../contracts/http/generations/caption-style.ts'
import { modelParamsOf, type expandParams } from '../contracts/http/generations/model-params.ts'
import {
  OPERATION_PARAMS,
  operationOf,
  OPERATION_NAMES,
  planEnvelope,
  planJob,
  spellParams,
} from '../contracts/http/generations/plan.ts'
import {
  choicesOf,
  usualModel,
  type IsConfigured,
  type WantedModel,
} from '../domain/generation/choices.ts'
import type { Finding } from '../domain/generation/finding.ts'
import { findModel } from '../domain/generation/models/table.ts'
import { OPERATIONS, type ModelOperation, type Operation } from '../domain/generation/operations.ts'
import type {
  ExpandParams,
  GenerationPlan,
  ModelChoice,
  PlanJob,
} from '../domain/generation/plan.ts'
import { fieldProblems, parseFields } from './field-problems.ts'
import { nearestName } from './nearest-name.ts'

export interface PlanReading {
  /** Null: something in it cannot be read. */
  readonly plan: GenerationPlan | null
  /** What could be read of it. */
  readonly jobs: readonly PlanJob[]
  /** Of every job, also of those that could not be read. */
  readonly jobIds: ReadonlySet<string>
  /** Jobs whose alternatives the plan itself names. */
  readonly namesFallbacks: ReadonlySet<string>
  readonly maxCredits: number | null
  readonly findings: readonly Finding[]
  /** Where in the body a path within a job is, as the body spells it. */
  readonly locate: (jobId: string, path: string) => string
}

export interface PlanReader {
  /** Which models this server can ask; decides who is asked where a plan does not say. */
  readonly isConfigured: IsConfigured
  readonly jobsMax: number
}

/** A body with a thousand mistakes is answered with the first of them. */
const FINDINGS_MAX = 200

/** Reads a plan in Spool's form or in the published one. *Guarantee:* never throws, whatever is given. */
export const readPlan = (body: unknown, reader: PlanReader): PlanReading => {
  const envelope = parseFields(planEnvelope, body)
  if ('issues' in envelope) {
    return unread(findingsOf(envelope, { jobId: null, at: (path) => path }))
  }
  const { jobs: written, maxCredits } = envelope.value
  if (written.length > reader.jobsMax) return unread([tooManyJobs(written.length, reader.jobsMax)])
  const readings = written.map((job, index) => readJob(job, index, reader))
  const findings = [...readings.flatMap((reading) => reading.findings), ...sameIds(readings)]
  const jobs = readings.flatMap(({ job }) => job ?? [])
  const isWhole = !findings.some(({ severity }) => severity === 'error')
  const places = new Map(readings.map(({ id, locate }) => [id, locate]))
  return {
    plan: isWhole ? { jobs, maxCredits } : null,
    jobs,
    jobIds: new Set(readings.map(({ id }) => id)),
    namesFallbacks: new Set(readings.flatMap((job) => (job.namesFallbacks ? [job.id] : []))),
    maxCredits,
    findings: findings.slice(0, FINDINGS_MAX),
    locate: (jobId, path) => places.get(jobId)?.(path) ?? path,
  }
}

const unread = (findings: readonly Finding[]): PlanReading => ({
  ...{ plan: null, jobs: [], jobIds: new Set(), namesFallbacks: new Set(), maxCredits: null },
  findings,
  locate: (_jobId, path) => path,
})

const tooManyJobs = (count: number, most: number): Finding => ({
  ...{ rule: 'too-many-jobs', severity: 'error', jobId: null, path: 'jobs' },
  message: `The plan has ${count} jobs, and ${most} are allowed.`,
  fix: 'Split it into several plans.',
})

interface JobReading {
  /** As it was given; of a job without one, its place. */
  readonly id: string
  readonly job: PlanJob | null
  readonly namesFallbacks?: boolean
  readonly findings: readonly Finding[]
  readonly locate: (path: string) => string
}

const sameIds = (readings: readonly JobReading[]): readonly Finding[] =>
  readings.flatMap(({ id, locate }, index): Finding[] =>
    readings.findIndex((other) => other.id === id) === index
      ? []
      : [
          {
            ...{ rule: 'id-taken', severity: 'error', jobId: id, path: locate('id') },
            message: `Another job is called ${id} as well.`,
            fix: 'Give each job an id of its own.',
          },
        ],
  )

interface Place {
  readonly jobId: string | null
  readonly at: (path: string) => string
}

type Refused = Extract<ReturnType<typeof parseFields>, { issues: unknown }>

/** Issues of a schema as findings. */
const findingsOf = ({ issues, known }: Refused, { jobId, at }: Place): readonly Finding[] =>
  issues.flatMap((issue) =>
    fieldProblems([issue], known).map(({ path, message, fix }): Finding => {
      const isUnknown = issue.code === 'unrecognized_keys'
      const isMissing = issue.code === 'invalid_type' && issue.input === undefined
      const rule = isMissing ? 'parameter-missing' : 'parameter-invalid'
      return {
        ...{ rule: isUnknown ? 'parameter-unknown' : rule, severity: 'error', jobId },
        ...{ path: at(path), message: sentence(at(path), path === '', message), fix },
      }
    }),
  )

const sentence = (path: string, isWhole: boolean, message: string): string =>
  isWhole ? `It ${message}.` : `\`${path.split('.').at(-1) ?? ''}\` ${message}.`

const readJob = (written: unknown, index: number, reader: PlanReader): JobReading => {
  const named = (written as { id?: unknown } | null)?.id
  const id = typeof named === 'string' ? named.slice(0, 100) : `#${index}`
  const at = (path: string) => (path === '' ? `jobs.${index}` : `jobs.${index}.${path}`)
  const failed = (findings: readonly Finding[]) => ({ id, job: null, findings, locate: at })
  const envelope = parseFields(planJob, written)
  if ('issues' in envelope) return failed(findingsOf(envelope, { jobId: id, at }))
  const { type, operation: other, params: writtenParams } = envelope.value
  const name = type ?? other
  const operation = name === undefined ? null : operationOf(name)
  if (operation === null) {
    return failed([unknownOperation(id, name, at(other === undefined ? 'type' : 'operation'))])
  }
  const { params, writtenAs, idle } = spellParams(operation, writtenParams)
  const locate = (path: string) => {
    const [first = '', second = '', ...rest] = path.split('.')
    return first === 'params' && second !== ''
      ? at([first, writtenAs.get(second) ?? second, ...rest].join('.'))
      : at(path)
  }
  const read = parseFields(OPERATION_PARAMS[operation] as z.ZodType, params)
  const place = {
    jobId: id,
    at: (path: string) => locate(path === '' ? 'params' : `params.${path}`),
  }
  if ('issues' in read) return { ...failed(findingsOf(read, place)), locate }
  const { dependsOn, fallbacks } = envelope.value
  const made = makeJob({ operation, read: read.value as Params, fallbacks, reader })
  if ('missing' in made) return { ...failed([modelMissing(id, operation, locate)]), locate }
  const job = { id, dependsOn: [...new Set(dependsOn)], ...made } as PlanJob
  const ignored = [
    ...idle.map((word) => ignoredParam(id, word, at(`params.${word}`))),
    ...idleStyleWords(id, operation, params, locate),
  ]
  return { id, job, namesFallbacks: fallbacks !== undefined, findings: ignored, locate }
}

const unknownOperation = (id: string, name: string | undefined, path: string): Finding => {
  const nearest = nearestName(name, OPERATION_NAMES)
  return {
    ...{ rule: 'operation-unknown', severity: 'error', jobId: id, path },
    message:
      name === undefined
        ? 'The job has no `type`.'
        : `There is no operation \`${name.slice(0, 64)}\`.`,
    fix:
      nearest === null
        ? `Use one of: ${Object.keys(OPERATIONS).join(', ')}.`
        : `Did you mean ${nearest}?`,
  }
}

const ignoredParam = (jobId: string, name: string, path: string): Finding => ({
  ...{ rule: 'parameter-ignored', severity: 'warning', jobId, path },
  message: `\`${name}\` changes nothing here: the first layer decides size and length.`,
  fix: 'Leave it out; `resize` and `trim` change what comes of it.',
})

const modelMissing = (
  id: string,
  operation: Operation,
  locate: (path: string) => string,
): Finding => ({
  ...{ rule: 'model-missing', severity: 'error', jobId: id, path: locate('params.model') },
  message: `\`${operation}\` needs a model, and none is named.`,
  fix: 'Choose one of GET /v1/generations/models.',
})

type Params = Readonly<Record<string, unknown>>

interface Draft {
  readonly operation: Operation
  readonly read: Params
  readonly fallbacks: readonly WantedModel[] | undefined
  readonly reader: PlanReader
}

const makeJob = (draft: Draft) => {
  const { operation, read, fallbacks, reader } = draft
  if (OPERATIONS[operation].by === 'media') return { operation, params: read }
  const asked = operation as ModelOperation
  const { model: named, provider } = read as Partial<WantedModel>
  const model = named ?? usualModel(asked, reader.isConfigured)
  if (model === null) return { missing: 'model' } as const
  const choices = choicesOf({ model, provider }, fallbacks, reader.isConfigured)
  return asked === 'expand'
    ? { operation, choices, params: expansionOf(read as ReadExpansion, reader) }
    : { operation: meantOperation(asked, choices), choices, params: modelParamsOf(read) }
}

/** Published plans cut backgrounds out with `generateImage`, and move lips with `generate`: what a model
 * does is what is meant, where the same kind of media comes of it. */
const meantOperation = (
  asked: ModelOperation,
  [choice]: readonly ModelChoice[],
): ModelOperation => {
  const facts = choice === undefined ? null : findModel(choice.model)
  return facts !== null && facts.makes === OPERATIONS[asked].makes ? facts.operation : asked
}

type ReadExpansion = z.output<typeof expandParams>

const expansionOf = (read: ReadExpansion, { isConfigured }: PlanReader): ExpandParams => {
  const choice = (wanted: WantedModel | null | undefined) =>
    wanted == null ? null : (choicesOf(wanted, [], isConfigured)[0] ?? null)
  const transcriber = usualModel('transcribe', isConfigured)
  const heard = transcriber === null ? null : { model: transcriber, provider: undefined }
  const { captions } = read
  const style = captions === true ? { preset: 'tiktok' as const } : captions
  return {
    prompt: read.prompt,
    scenesMax: read.scenes,
    image: choice(read.image),
    video: choice(read.video),
    voice: choice(read.voice),
    captions: style === false ? null : captionStyleOf(style),
    transcriber: style === false ? null : choice(read.transcriber ?? heard),
    aspectRatio: read.aspectRatio,
  }
}

/** Other writers know more words for styles; without them the captions are still captions. */
const idleStyleWords = (
  jobId: string,
  operation: Operation,
  { style }: Params,
  locate: (path: string) => string,
): readonly Finding[] =>
  operation === 'addSubtitles'
    ? unknownStyleWords(style).map((word): Finding => ({
        ...{ rule: 'style-unknown', severity: 'warning', jobId },
        path: locate(`params.style.${word.slice(0, 64)}`),
        message: `\`${word.slice(0, 64)}\` is no word of a caption style and changes nothing.`,
        fix: 'Leave it out, or see the styles in /docs.',
      }))
    : []
