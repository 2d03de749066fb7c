/** Jobs of plans, with what a test does not say left out. */

import type { JobSource, MergeItem } from '../../src/domain/generation/job-params.ts'
import type { JobMedia } from '../../src/domain/generation/operations.ts'
import type { ModelChoice, ModelJob, PlanJob } from '../../src/domain/generation/plan.ts'

export const from = (jobId: string, media: JobMedia | null = null): JobSource => ({
  from: 'job',
  jobId,
  media,
})

export const at = (url: string): JobSource => ({ from: 'url', url })

/** A model and who runs it, as `model @ provider`. */
export const by = (text: string): ModelChoice => {
  const [model = '', provider = ''] = text.split(' @ ')
  return { model, provider }
}

type PlainModelJob = Exclude<ModelJob, { operation: 'expand' }>

export const modelJob = (
  id: string,
  operation: PlainModelJob['operation'],
  choices: readonly string[],
  params: PlainModelJob['params'] = {},
): PlainModelJob => ({ id, operation, choices: choices.map(by), params, dependsOn: [] })

export const card = (id: string, prompt = 'Good morning'): PlainModelJob =>
  modelJob(id, 'generateImage', ['local/card @ local'], { prompt })

export const item = (
  source: JobSource,
  rest: Partial<Omit<MergeItem, 'source'>> = {},
): MergeItem => ({
  ...{ type: 'video', durationSeconds: null, offsetSeconds: 0, volume: 1 },
  ...{ source, ...rest },
})

export const merge = (id: string, items: readonly MergeItem[]): PlanJob => ({
  id,
  operation: 'merge',
  dependsOn: [],
  params: {
    ...{ items, widthPx: null, heightPx: null, frameRate: null },
    ...{ fit: 'contain', loudnessLufs: -14, lengths: 'trim' },
  },
})

/** A job that needs others, and nothing else about it matters. */
export const node = (id: string, needs: readonly string[]): PlanJob => ({
  ...card(id),
  dependsOn: needs,
})
