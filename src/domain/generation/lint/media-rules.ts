/** What will force a conversion. */

import type { Finding } from '../finding.ts'
import { planGraph, planOrder } from '../graph.ts'
import type { JobSource } from '../job-params.ts'
import type { MediumLookup } from '../medium-facts.ts'
import { findModel } from '../models/table.ts'
import type { ModelJob, PlanJob } from '../plan.ts'
import { EXPAND_ID_LENGTH_MAX } from '../scenes.ts'
import { inputsOf } from '../sources.ts'
import type { LintRule } from './lint-subject.ts'

/** As much as is known of a picture before it is there. */
interface Looks {
  readonly frameRate: number | null
  /** Width by height. */
  readonly shape: number | null
}

const UNKNOWN: Looks = { frameRate: null, shape: null }

const shapeOf = (widthPx: number | null | undefined, heightPx: number | null | undefined) =>
  widthPx == null || heightPx == null ? null : widthPx / heightPx

const ratioOf = (aspectRatio: unknown): number | null => {
  const [, over, under] = /^(\d{1,4}):(\d{1,4})$/.exec(String(aspectRatio)) ?? []
  return over === undefined || Number(under) === 0 ? null : Number(over) / Number(under)
}

type LooksOf = (source: JobSource) => Looks

const modelLooks = (job: ModelJob, looksOf: LooksOf): Looks => {
  if (job.operation === 'expand') return UNKNOWN
  const { image, frameRate, aspectRatio, widthPx, heightPx } = job.params
  const takes = findModel(job.choices[0]?.model ?? '')?.takes ?? {}
  const usual = (name: string) => {
    const rule = takes[name]
    return rule !== undefined && 'default' in rule ? rule.default : null
  }
  const rate = frameRate ?? usual('frameRate')
  const own = shapeOf(widthPx, heightPx) ?? ratioOf(aspectRatio)
  // A first frame has the shape of the video.
  const first = image === undefined ? null : looksOf(image).shape
  return {
    frameRate: typeof rate === 'number' ? rate : null,
    shape: own ?? (image === undefined ? ratioOf(usual('aspectRatio')) : first),
  }
}

const looksOfJob = (job: PlanJob, looksOf: LooksOf): Looks => {
  switch (job.operation) {
    case 'merge': {
      const { frameRate, widthPx, heightPx, items } = job.params
      const [first] = items.filter(({ type }) => type !== 'audio')
      const looks = first === undefined ? UNKNOWN : looksOf(first.source)
      return {
        frameRate: frameRate ?? looks.frameRate,
        shape: shapeOf(widthPx, heightPx) ?? looks.shape,
      }
    }
    case 'resize': {
      const { widthPx, heightPx, source, fit } = job.params
      const looks = looksOf(source)
      return fit === 'cover'
        ? { ...looks, shape: shapeOf(widthPx, heightPx) ?? looks.shape }
        : looks
    }
    case 'generate':
    case 'generateImage':
    case 'reframe':
      return modelLooks(job, looksOf)
    default: {
      const [first] = inputsOf(job)
      return first === undefined ? UNKNOWN : looksOf(first.source)
    }
  }
}

/** How results will look, as far as that is known. */
const expectedLooks = (jobs: readonly PlanJob[], mediumOf: MediumLookup): LooksOf => {
  const known = new Map<string, Looks>()
  const looksOf: LooksOf = (source) => {
    if (source.from === 'job') return known.get(source.jobId) ?? UNKNOWN
    const medium = source.from === 'medium' ? mediumOf(source.mediaId) : null
    return medium === null
      ? UNKNOWN
      : { frameRate: medium.frameRate, shape: shapeOf(medium.widthPx, medium.heightPx) }
  }
  const byId = new Map(jobs.map((job) => [job.id, job]))
  const order = planOrder(planGraph(jobs))
  for (const id of 'order' in order ? order.order : []) {
    const job = byId.get(id)
    if (job !== undefined) known.set(id, looksOfJob(job, looksOf))
  }
  return looksOf
}

/** The values that differ by more than a hundredth; `29.97` and `30` are one to the eye, not to a file. */
const distinct = (values: readonly (number | null)[], tolerance: number): readonly number[] =>
  values
    .filter((value) => value !== null)
    .reduce<readonly number[]>(
      (found, value) =>
        found.some((other) => Math.abs(other - value) <= tolerance * other)
          ? found
          : [...found, value],
      [],
    )

const SHAPE_TOLERANCE = 0.01
const RATE_TOLERANCE = 0.0005

/** Clips of several frame rates or shapes in one merge. */
export const clashes: LintRule = ({ jobs, mediumOf }) => {
  const looksOf = expectedLooks(jobs, mediumOf)
  return jobs.flatMap((job): Finding[] => {
    if (job.operation !== 'merge') return []
    const looks = job.params.items
      .filter(({ type }) => type !== 'audio')
      .map(({ source, type }) =>
        // A picture has no frame rate of its own.
        type === 'image' ? { ...looksOf(source), frameRate: null } : looksOf(source),
      )
    const frameRates = looks.map(({ frameRate }) => frameRate)
    const rates = distinct([job.params.frameRate, ...frameRates], RATE_TOLERANCE)
    const wanted = shapeOf(job.params.widthPx, job.params.heightPx)
    const shapes = distinct([wanted, ...looks.map(({ shape }) => shape)], SHAPE_TOLERANCE)
    const at = { severity: 'warning', jobId: job.id, path: 'params.items' } as const
    return [
      ...(rates.length > 1
        ? [
            {
              ...{ rule: 'frame-rate-clash', ...at },
              message: `The clips have ${rates.join(' and ')} frames a second; all are converted to ${rates[0]}.`,
              fix: 'Ask for one frame rate where the clips are made.',
            },
          ]
        : []),
      ...(shapes.length > 1
        ? [
            {
              ...{ rule: 'size-clash', ...at },
              message: `The clips have ${shapes.length} shapes; those of another than the first ${job.params.fit === 'cover' ? 'are cut' : 'get bars'}.`,
              fix: 'Ask for one aspect ratio where the clips are made.',
            },
          ]
        : []),
    ]
  })
}

/** Ids that leave no room for the names of the jobs of scenes. */
export const longExpandIds: LintRule = ({ jobs }) =>
  jobs
    .filter(({ operation, id }) => operation === 'expand' && id.length > EXPAND_ID_LENGTH_MAX)
    .map(({ id }): Finding => ({
      ...{ rule: 'id-too-long', severity: 'error', jobId: id, path: 'id' },
      message: `The id of an expand job names its scenes too, and has ${id.length} characters.`,
      fix: `Use ${EXPAND_ID_LENGTH_MAX} at most.`,
    }))
