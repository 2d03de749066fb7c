import type { JobSource, MergeItem, ModelParams } from './job-params.ts'
import type { JobMedia } from './operations.ts'
import type { PlanJob } from './plan.ts'

/** One input of a job. */
export interface JobInput {
  /** Within the job: `params.items.0.url`. */
  readonly path: string
  readonly source: JobSource
  /** What may stand there. */
  readonly expects: readonly JobMedia[]
}

const PICTURES = ['video', 'image'] as const
const FILES = ['video', 'image', 'audio'] as const

/** The names under which models are given files, and what each may be. */
const MODEL_FILES = {
  image: ['image'],
  endImage: ['image'],
  audio: ['audio', 'video'],
  video: ['video', 'image'],
  transcript: ['transcript'],
} as const satisfies Partial<Record<keyof ModelParams, readonly JobMedia[]>>

const modelInputs = (params: ModelParams): JobInput[] => {
  const texts = (['prompt', 'text'] as const).flatMap((name): JobInput[] => {
    const source = params[name]
    return source === undefined || typeof source === 'string'
      ? []
      : [{ path: `params.${name}`, source, expects: ['text'] }]
  })
  const files = (Object.keys(MODEL_FILES) as (keyof typeof MODEL_FILES)[]).flatMap(
    (name): JobInput[] => {
      const source = params[name]
      return source === undefined
        ? []
        : [{ path: `params.${name}`, source, expects: MODEL_FILES[name] }]
    },
  )
  const further = (params.furtherImages ?? []).map((source, index): JobInput => ({
    path: `params.image.${index + 1}`,
    source,
    expects: ['image'],
  }))
  return [...texts, ...files, ...further]
}

const ITEM_MEDIA: Record<MergeItem['type'], readonly JobMedia[]> = {
  video: ['video'],
  image: ['image'],
  // The sound of a video is a sound.
  audio: ['audio', 'video'],
}

/** Everything that a job is made from, in the order of its parameters. */
export const inputsOf = (job: PlanJob): readonly JobInput[] => {
  switch (job.operation) {
    case 'expand':
      return []
    case 'merge':
      return job.params.items.map(({ source, type }, index) => ({
        path: `params.items.${index}.url`,
        source,
        expects: ITEM_MEDIA[type],
      }))
    case 'layer':
      return job.params.layers.map(({ source }, index) => ({
        path: `params.layers.${index}.media`,
        source,
        expects: FILES,
      }))
    case 'addSubtitles': {
      const { video, words } = job.params
      const captions: JobInput[] =
        'from' in words
          ? [{ path: 'params.transcript', source: words, expects: ['transcript'] }]
          : []
      return [{ path: 'params.video', source: video, expects: ['video'] }, ...captions]
    }
    case 'resize':
      return [{ path: 'params.source', source: job.params.source, expects: PICTURES }]
    case 'convert':
      return [{ path: 'params.source', source: job.params.source, expects: FILES }]
    case 'trim':
      return [{ path: 'params.source', source: job.params.source, expects: ['video', 'audio'] }]
    case 'extractAudio':
    case 'thumbnail':
      return [{ path: 'params.video', source: job.params.video, expects: ['video'] }]
    default:
      return modelInputs(job.params)
  }
}
