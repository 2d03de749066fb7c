import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nearestName } from '../../../src/api/nearest-name.ts'
import { choicesOf, usualModel } from '../../../src/domain/generation/choices.ts'
import { estimatePlan } from '../../../src/domain/generation/estimate.ts'
import { lintPlan } from '../../../src/domain/generation/lint-plan.ts'
import type { LintSubject } from '../../../src/domain/generation/lint/lint-subject.ts'
import type { MediumFacts } from '../../../src/domain/generation/medium-facts.ts'
import type { ModelChoice, PlanJob } from '../../../src/domain/generation/plan.ts'
import { at, by, card, from, item, merge, modelJob, node } from '../../support/plan-jobs.ts'

const lint = (jobs: readonly PlanJob[], subject: Partial<LintSubject> = {}) => {
  const mediumOf = subject.mediumOf ?? (() => null)
  return lintPlan({
    jobs,
    jobIds: new Set(jobs.map(({ id }) => id)),
    namesFallbacks: new Set(),
    maxCredits: null,
    availableCredits: null,
    estimate: estimatePlan(jobs, { plan: 'creator', mediumOf }),
    missingSetting: () => null,
    mediumOf,
    sourceProblems: new Map(),
    nearest: nearestName,
    ...subject,
  })
}

const rulesOf = (...args: Parameters<typeof lint>) => lint(...args).map(({ rule }) => rule)
const url = at('https://example.com/a.mp4')
const film = (id: string, ...ids: string[]) =>
  merge(
    id,
    ids.map((each) => item(from(each))),
  )
const clip = (id: string, image: string, params: object = {}) =>
  modelJob(id, 'generate', ['local/pan-zoom @ local'], { image: from(image), ...params })

describe('a plan that is in order', () => {
  it('has no findings', () => {
    const voice = modelJob('voice', 'generateAudio', ['local/espeak @ local'], { text: 'Hello' })
    const whole = merge('film', [
      item(from('a', 'video')),
      item(from('voice', 'audio'), { type: 'audio' }),
    ])
    expect(lint([card('c'), clip('a', 'c'), voice, whole])).toEqual([])
  })
})

describe('references', () => {
  it('to nobody are found, with the job that was meant', () => {
    const findings = lint([card('cover'), clip('a', 'covr')])
    expect(findings[0]).toMatchObject({
      ...{ rule: 'reference-dangling', severity: 'error', jobId: 'a', path: 'params.image' },
      fix: 'Did you mean cover?',
    })
  })

  it('to a job that could not be read are left alone', () => {
    const jobs = [clip('a', 'broken')]
    expect(rulesOf(jobs, { jobIds: new Set(['a', 'broken']) })).not.toContain('reference-dangling')
  })

  it('in a circle are found, named in their order', () => {
    const [finding] = lint([node('a', ['b']), node('b', ['c']), node('c', ['a']), node('d', [])])
    expect(finding).toMatchObject({ rule: 'cycle', severity: 'error' })
    expect(finding!.message).toContain('a → b → c → a')
  })

  it('to itself are a circle too', () => {
    expect(rulesOf([node('a', ['a'])])).toContain('cycle')
  })

  it('to waits for nobody are found', () => {
    expect(lint([node('first', ['z'])])[0]).toMatchObject({
      ...{ rule: 'dependency-dangling', path: 'dependsOn.0', fix: 'Use one of: first.' },
    })
  })

  it('to sound where a picture is due are refused', () => {
    const voice = modelJob('v', 'generateAudio', ['local/espeak @ local'], { text: 'x' })
    const found = lint([voice, film('m', 'v')])
    expect(found).toContainEqual(
      expect.objectContaining({
        ...{ rule: 'reference-ill-typed', severity: 'error', path: 'params.items.0.url' },
        message: 'Audio is given where a video is due.',
      }),
    )
  })

  it('are judged through jobs that give back what they were given', () => {
    const trim = (id: string, source: string): PlanJob => ({
      ...{ id, operation: 'trim', dependsOn: [] },
      params: { source: from(source), startSeconds: 0, endSeconds: 1 },
    })
    const voice = modelJob('v', 'generateAudio', ['local/espeak @ local'], { text: 'x' })
    const jobs = [voice, trim('t1', 'v'), trim('t2', 't1'), film('m', 't2')]
    expect(rulesOf(jobs)).toContain('reference-ill-typed')
  })

  it('that misname what is given are warned of', () => {
    const jobs = [
      card('c'),
      modelJob('a', 'generate', ['local/pan-zoom @ local'], { image: from('c', 'video') }),
    ]
    expect(lint(jobs)).toContainEqual(
      expect.objectContaining({
        ...{
          rule: 'reference-misnamed',
          severity: 'warning',
          fix: 'Write `_imageJobDependency:c`.',
        },
      }),
    )
  })

  it('to media of nobody are found', () => {
    const stranger = { from: 'medium', mediaId: 'med_12345678' } as const
    expect(rulesOf([merge('m', [item(stranger)])])).toContain('medium-unknown')
  })
})

describe('models', () => {
  it('that nobody knows are found, with the one that was meant for that work', () => {
    const job = modelJob('a', 'generateImage', ['google/nanobanana @ fal'], { prompt: 'x' })
    expect(lint([job])[0]).toMatchObject({
      ...{ rule: 'model-unknown', severity: 'error', path: 'params.model' },
      fix: 'Did you mean google/nano-banana?',
    })
  })

  it('at providers that do not run them are found, with those that do', () => {
    const job = modelJob('a', 'generateImage', ['bytedance/seedream-4 @ fal'], { prompt: 'x' })
    expect(lint([job])[0]).toMatchObject({
      ...{ rule: 'provider-unknown', path: 'params.provider', fix: 'Use one of: replicate.' },
    })
    const typo = modelJob('a', 'generateImage', ['bytedance/seedream-4 @ replicat'], {
      prompt: 'x',
    })
    expect(lint([typo])[0]).toMatchObject({ fix: 'Did you mean replicate?' })
  })

  it('for other work are refused', () => {
    const job = modelJob('a', 'generateImage', ['openai/whisper @ replicate'], { prompt: 'x' })
    expect(rulesOf([job])).toEqual(['model-mismatch'])
  })

  it('without a key are refused only where no alternative has one', () => {
    const choices = ['google/nano-banana @ fal', 'google/nano-banana @ replicate']
    const job = modelJob('a', 'generateImage', choices, { prompt: 'x' })
    const without = (...providers: string[]) => ({
      missingSetting: ({ provider }: ModelChoice) =>
        providers.includes(provider) ? `KEY_OF_${provider}` : null,
    })
    expect(lint([job], without('fal'))).toMatchObject([
      { rule: 'provider-not-configured', severity: 'warning' },
    ])
    expect(lint([job], without('fal', 'replicate'))).toMatchObject([
      { severity: 'error', message: expect.stringContaining('KEY_OF_fal') as string },
      { severity: 'error' },
    ])
  })

  it('that are named as alternatives and differ are warned of', () => {
    const choices = ['bytedance/seedance-1-pro @ replicate', 'minimax/video-01 @ replicate']
    const job = modelJob('a', 'generate', choices, { prompt: 'x', durationSeconds: 5 })
    expect(rulesOf([job])).toEqual([])
    const [finding] = lint([job], { namesFallbacks: new Set(['a']) })
    expect(finding).toMatchObject({
      rule: 'fallback-differs',
      severity: 'warning',
      path: 'fallbacks.0',
    })
  })
})

describe('parameters', () => {
  const seedance = (params: object) =>
    lint([
      modelJob('a', 'generate', ['bytedance/seedance-1-pro @ replicate'], {
        prompt: 'x',
        ...params,
      }),
    ])

  it.each<[string, object, string, string]>([
    ['a duration that it cannot', { durationSeconds: 13 }, 'parameter-invalid', 'Use 2 to 12.'],
    [
      'half a second',
      { durationSeconds: 5.5 },
      'parameter-invalid',
      'Use a whole number from 2 to 12.',
    ],
    [
      'a resolution that it has not',
      { extra: { resolution: '4K' } },
      'parameter-invalid',
      'Use one of: 480p, 720p, 1080p.',
    ],
    [
      'a flag that is none',
      { extra: { cameraFixed: 'yes' } },
      'parameter-invalid',
      'Use true or false.',
    ],
    [
      'a misspelt name',
      { extra: { resolutoin: '720p' } },
      'parameter-unknown',
      'Did you mean resolution?',
    ],
    [
      'a text beyond its limit',
      { prompt: 'x'.repeat(1e6) },
      'text-too-long',
      'Shorten it, or split it into several jobs.',
    ],
  ])('are held against the limits of the model: %s', (_, params, rule, fix) => {
    expect(seedance(params)).toMatchObject([{ rule, fix, severity: 'error' }])
  })

  it('never put a megabyte of prompt into a finding', () => {
    expect(JSON.stringify(seedance({ prompt: 'x'.repeat(1e6) })).length).toBeLessThan(1_000)
  })

  it('that another model has are only warned of', () => {
    expect(seedance({ widthPx: 100, extra: { promptOptimizer: true } })).toMatchObject([
      { rule: 'parameter-ignored', severity: 'warning', path: 'params.width' },
      { rule: 'parameter-ignored', severity: 'warning', path: 'params.promptOptimizer' },
    ])
  })

  it('that are files and would be left out are refused', () => {
    expect(seedance({ audio: url })).toMatchObject([
      { rule: 'parameter-invalid', path: 'params.audio' },
    ])
  })

  it('that are needed and missing are named', () => {
    const voice = modelJob('v', 'generateAudio', ['local/espeak @ local'])
    expect(lint([voice])).toMatchObject([
      { rule: 'parameter-missing', path: 'params.text', fix: 'Give `text`.' },
    ])
    const heard = modelJob('t', 'transcribe', ['local/speech @ local'])
    expect(lint([heard])).toMatchObject([{ fix: 'Give `audio` or `video`.' }])
  })

  it('that are recordings beyond what a model takes are refused', () => {
    const long: MediumFacts = {
      ...{ media: 'video', durationSeconds: 45, widthPx: 1920, heightPx: 1080, frameRate: 25 },
    }
    const job = modelJob('a', 'reframe', ['luma/reframe-video @ replicate'], {
      video: { from: 'medium', mediaId: 'med_12345678' },
      aspectRatio: '9:16',
    })
    expect(lint([job], { mediumOf: () => long })).toMatchObject([
      {
        rule: 'input-too-long',
        path: 'params.video',
        message: expect.stringContaining('45 s') as string,
      },
    ])
    expect(lint([job], { mediumOf: () => ({ ...long, durationSeconds: 20 }) })).toEqual([])
  })
})

describe('what will be converted', () => {
  it('is said of clips with several frame rates', () => {
    const jobs = [
      card('c'),
      clip('a', 'c', { frameRate: 24 }),
      clip('b', 'c', { frameRate: 30 }),
      film('m', 'a', 'b'),
    ]
    expect(lint(jobs)).toMatchObject([
      {
        rule: 'frame-rate-clash',
        severity: 'warning',
        jobId: 'm',
        message: expect.stringContaining('24 and 30') as string,
      },
    ])
  })

  it('is said of clips with several shapes, also those of their first frames', () => {
    const tall = modelJob('t', 'generateImage', ['local/card @ local'], {
      prompt: 'x',
      aspectRatio: '9:16',
    })
    const jobs = [card('c'), tall, clip('a', 'c'), clip('b', 't'), film('m', 'a', 'b')]
    expect(rulesOf(jobs)).toEqual(['size-clash'])
  })

  it('is not said where nobody knows', () => {
    expect(rulesOf([merge('m', [item(url), item(at('https://example.com/b.mp4'))])])).toEqual([])
  })
})

describe('work that nobody uses', () => {
  it('is warned of', () => {
    const voice = modelJob('v', 'generateAudio', ['local/espeak @ local'], { text: 'x' })
    expect(lint([card('c'), clip('a', 'c'), voice])).toMatchObject([
      { rule: 'result-unused', severity: 'warning', jobId: 'v' },
    ])
  })

  it('is what was ordered where all results are of a kind', () => {
    expect(lint([card('a'), card('b')])).toEqual([])
  })
})

describe('what lies outside', () => {
  it('is found: an address that cannot be fetched', () => {
    const problem = { severity: 'error', message: 'answers with status 404' } as const
    const found = lint([merge('m', [item(url)])], {
      sourceProblems: new Map([['https://example.com/a.mp4', problem]]),
    })
    expect(found).toMatchObject([
      {
        rule: 'source-unreachable',
        severity: 'error',
        message: 'The address answers with status 404.',
      },
    ])
  })

  it('is warned of: a limit that the plan will meet, and too few credits', () => {
    const dear = modelJob('v', 'generate', ['minimax/video-01 @ replicate'], { prompt: 'x' })
    expect(lint([dear], { maxCredits: 10, availableCredits: 20 })).toMatchObject([
      { rule: 'cost-over-limit', severity: 'warning', jobId: null, path: 'maxCredits' },
      { rule: 'credits-insufficient', severity: 'warning' },
    ])
    expect(lint([dear], { maxCredits: 50, availableCredits: 50 })).toEqual([])
  })
})

describe('who is asked', () => {
  const has = ({ provider }: ModelChoice) => provider === 'replicate' || provider === 'local'

  it('is the named model, then what this server has of its usual alternatives', () => {
    expect(choicesOf({ model: 'google/nano-banana', provider: 'fal' }, undefined, has)).toEqual(
      [
        ...['google/nano-banana @ fal', 'google/nano-banana @ replicate'],
        'bytedance/seedream-4 @ replicate',
      ].map(by),
    )
  })

  it('is nobody else where the plan wants none', () => {
    expect(choicesOf({ model: 'google/nano-banana', provider: 'fal' }, [], has)).toHaveLength(1)
  })

  it('is whoever this server has where no provider is named', () => {
    expect(choicesOf({ model: 'google/nano-banana' }, [], has)).toEqual([
      by('google/nano-banana @ replicate'),
    ])
    expect(choicesOf({ model: 'openai/gpt-image-1' }, [], has)).toEqual([
      by('openai/gpt-image-1 @ openai'),
    ])
  })

  it('is the model without its version', () => {
    const pinned = { model: 'openai/whisper:8099696689d2', provider: 'replicate' }
    expect(choicesOf(pinned, [], has)[0]?.model).toBe('openai/whisper')
  })

  it('is the engine of ours for words where there is one', () => {
    expect(usualModel('transcribe', has)).toBe('local/speech')
    expect(usualModel('transcribe', (choice) => choice.provider === 'replicate')).toBe(
      'vaibhavs10/incredibly-fast-whisper',
    )
    expect(usualModel('generateImage', has)).toBeNull()
  })
})

describe('the linter', () => {
  const names = fc.constantFrom('a', 'b', 'c', 'd')
  const anySource = fc.oneof(
    names.map((id) => from(id)),
    fc.webUrl().map(at),
    fc.constant({ from: 'medium', mediaId: 'med_12345678' } as const),
  )
  const anyModelJob = fc
    .record({
      id: names,
      model: fc.oneof(
        fc.constantFrom('local/card', 'local/pan-zoom', 'veed/fabric-1.0'),
        fc.string(),
      ),
      provider: fc.oneof(fc.constantFrom('local', 'fal', '__proto__'), fc.string()),
      operation: fc.constantFrom('generateImage', 'generate', 'transcribe', 'lipSync'),
      image: anySource,
      audio: anySource,
      extra: fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.double(), fc.boolean())),
      durationSeconds: fc.double(),
    })
    .map(({ id, model, provider, operation, ...params }) => ({
      ...modelJob(id, operation as 'generate', [], params),
      choices: [{ model, provider }],
    }))
  const anyMerge = fc
    .tuple(names, fc.array(anySource, { minLength: 1, maxLength: 4 }))
    .map(([id, sources]) =>
      merge(
        id,
        sources.map((source) => item(source)),
      ),
    )

  it('never throws, and says the same of the same, of any plan', () => {
    const anyJobs = fc.array(fc.oneof(anyModelJob, anyMerge), { maxLength: 8 })
    fc.assert(
      fc.property(anyJobs, (jobs) => {
        const findings = lint(jobs)
        expect(lint(jobs)).toEqual(findings)
        for (const finding of findings) expect(finding.message).toMatch(/[.…]$/)
      }),
    )
  })

  it('takes time in proportion to the plan: 5,000 jobs in a row are no matter', () => {
    const chain = Array.from({ length: 5_000 }, (_, index): PlanJob => ({
      ...{ id: `j${index}`, operation: 'trim', dependsOn: [] },
      params: { source: index === 0 ? url : from(`j${index - 1}`), startSeconds: 0, endSeconds: 1 },
    }))
    const startedAtMs = performance.now()
    expect(lint(chain)).toEqual([])
    expect(performance.now() - startedAtMs).toBeLessThan(5_000)
  })
})
