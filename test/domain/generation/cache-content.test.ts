import { describe, expect, it } from 'vitest'
import { cacheContent } from '../../../src/domain/generation/cache-content.ts'
import type { JobSource, ModelParams } from '../../../src/domain/generation/job-params.ts'
import type { ModelChoice, PlanJob } from '../../../src/domain/generation/plan.ts'
import { replaceSources } from '../../../src/domain/generation/replace-sources.ts'

const NANO = { model: 'google/nano-banana', provider: 'replicate' }

const imageJob = (
  params: ModelParams,
  change: { readonly id?: string; readonly choices?: readonly ModelChoice[] } = {},
): PlanJob => ({
  ...{ id: 'image', operation: 'generateImage', choices: [NANO], params, dependsOn: [] },
  ...change,
})

const identityOf = (source: JobSource) => (source.from === 'job' ? `sha of ${source.jobId}` : 'sha')
const contentOf = (job: PlanJob, freshFor: string | null = null) =>
  cacheContent(job, { identityOf, freshFor })

describe('what decides what a job makes', () => {
  const plain = contentOf(imageJob({ prompt: 'a', seed: 1 }))

  it('is not its name, what it waits for, or the order in which it was written down', () => {
    expect(contentOf(imageJob({ seed: 1, prompt: 'a' }, { id: 'other' }))).toBe(plain)
    expect(contentOf({ ...imageJob({ prompt: 'a', seed: 1 }), dependsOn: ['x'] })).toBe(plain)
  })

  it('is not who else may be asked', () => {
    const choices = [NANO, { model: 'bytedance/seedream-4', provider: 'replicate' }]
    expect(contentOf(imageJob({ prompt: 'a', seed: 1 }, { choices }))).toBe(plain)
  })

  it.each([
    ['the prompt', imageJob({ prompt: 'b', seed: 1 })],
    ['the seed', imageJob({ prompt: 'a', seed: 2 })],
    [
      'the model',
      imageJob(
        { prompt: 'a', seed: 1 },
        { choices: [{ model: 'bytedance/seedream-4', provider: 'replicate' }] },
      ),
    ],
    ['a parameter of the model', imageJob({ prompt: 'a', seed: 1, extra: { quality: 'high' } })],
  ])('is %s', (_, job) => {
    expect(contentOf(job)).not.toBe(plain)
  })

  it('is the content of its inputs, wherever they come from', () => {
    const from = (source: JobSource) => contentOf(imageJob({ prompt: 'a', image: source }))
    const one = from({ from: 'job', jobId: 'one', media: null })
    expect(from({ from: 'job', jobId: 'two', media: null })).not.toBe(one)
    expect(from({ from: 'url', url: 'https://a.example/1' })).toBe(
      from({ from: 'url', url: 'https://b.example/2' }),
    )
  })

  it('is the run itself, for a job that is meant to differ', () => {
    const job = imageJob({ prompt: 'a', seed: 1 })
    expect(contentOf(job, 'exec_1')).not.toBe(plain)
    expect(contentOf(job, 'exec_1')).not.toBe(contentOf(job, 'exec_2'))
  })
})

describe('the sources of a job', () => {
  it('are replaced wherever they stand, and what only looks like one is not', () => {
    const source: JobSource = { from: 'url', url: 'https://a.example' }
    const params = {
      prompt: source,
      furtherImages: [source, source],
      schema: { properties: { from: { from: 'url', url: 'x' } } },
      extra: { from: 'url' },
      seed: 3,
    }
    expect(replaceSources(params, () => 'file')).toEqual({
      ...params,
      prompt: 'file',
      furtherImages: ['file', 'file'],
    })
  })
})
