/** Plans as people and programs write them: what is read from them, and what is said of them. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readPlan } from '../../src/api/read-plan.ts'
import { planJsonSchema } from '../../src/contracts/http/generations/plan.ts'
import { lintPlan } from '../../src/domain/generation/lint-plan.ts'
import { estimatePlan } from '../../src/domain/generation/estimate.ts'
import { nearestName } from '../../src/api/nearest-name.ts'

const reader = {
  isConfigured: ({ provider }: { provider: string }) =>
    provider === 'replicate' || provider === 'local',
  jobsMax: 100,
}
const read = (body: unknown) => readPlan(body, reader)
const job = (type: string, params: object, rest: object = {}) => ({
  id: 'a',
  type,
  params,
  ...rest,
})
const only = (type: string, params: object, rest: object = {}) => {
  const { plan, findings } = read({ jobs: [job(type, params, rest)] })
  expect(findings.filter(({ severity }) => severity === 'error')).toEqual([])
  return plan!.jobs[0]!
}
const problems = (body: unknown) =>
  read(body).findings.map(({ rule, path, fix }) => ({ rule, path, fix }))

const film = 'https://example.com/film.mp4'
const fromUrl = { from: 'url', url: film }

describe('the published form', () => {
  test('is taken as it is, from the image to the captions', () => {
    const { plan, findings } = read({
      jobs: [
        {
          ...{ id: 'job1', type: 'generateImage', output: '$job1' },
          params: { provider: 'replicate', modelId: 'google/nano-banana', prompt: 'A boat' },
        },
        {
          ...{ id: 'job2', type: 'generate', output: '$job2', dependsOn: ['job1'] },
          params: {
            ...{ provider: 'replicate', modelId: 'bytedance/seedance-1-pro', prompt: 'It sails' },
            ...{ image: '_imageJobDependency:job1', duration: 5, aspectRatio: '16:9' },
          },
        },
        {
          ...{ id: 'job3', type: 'generateAudio', output: '$job3' },
          params: {
            ...{ provider: 'replicate', modelId: 'elevenlabs/turbo-v2.5' },
            ...{ text: 'They left early.', voice_id: 'pNInz6obpgDQGcFmaJgB' },
          },
        },
        {
          ...{ id: 'job4', type: 'merge', output: '$job4' },
          params: {
            items: [
              { type: 'video', url: '_videoJobDependency:job2' },
              { type: 'image', url: 'https://example.com/end.png' },
              { type: 'audio', url: '_audioJobDependency:job3', offset: 1, volume: 0.8 },
            ],
          },
        },
        {
          ...{ id: 'job5', type: 'transcribe', output: '$job5' },
          params: {
            provider: 'replicate',
            modelId: 'vaibhavs10/incredibly-fast-whisper:3ab86df6c8f5',
            videoUrl: '_videoJobDependency:job4',
          },
        },
        {
          ...{ id: 'job6', type: 'addSubtitles', output: '$job6' },
          params: {
            videoUrl: '_videoJobDependency:job4',
            transcript: '_transcriptJobDependency:job5',
            style: { preset: 'tiktok', highlightActiveWord: true, activeWordColor: '#00FF00' },
          },
        },
      ],
      baseExecutionId: 'exec_12345678',
    })
    expect(findings).toEqual([])
    const from = (jobId: string, media: string) => ({ from: 'job', jobId, media })
    expect(plan?.jobs).toMatchObject([
      {
        ...{ id: 'job1', operation: 'generateImage', params: { prompt: 'A boat' } },
        choices: [
          { model: 'google/nano-banana', provider: 'replicate' },
          { model: 'bytedance/seedream-4', provider: 'replicate' },
        ],
      },
      {
        ...{ id: 'job2', operation: 'generate', dependsOn: ['job1'] },
        params: { image: from('job1', 'image'), durationSeconds: 5, aspectRatio: '16:9' },
      },
      { operation: 'generateAudio', params: { voice: 'pNInz6obpgDQGcFmaJgB' } },
      {
        operation: 'merge',
        params: {
          items: [
            { type: 'video', source: from('job2', 'video'), durationSeconds: null, volume: 1 },
            { type: 'image', source: { from: 'url', url: 'https://example.com/end.png' } },
            { type: 'audio', source: from('job3', 'audio'), offsetSeconds: 1, volume: 0.8 },
          ],
          ...{ loudnessLufs: -14, lengths: 'trim', fit: 'contain', frameRate: null },
        },
      },
      {
        ...{ operation: 'transcribe', params: { video: from('job4', 'video') } },
        choices: [
          { model: 'vaibhavs10/incredibly-fast-whisper', provider: 'replicate' },
          { model: 'openai/whisper', provider: 'replicate' },
        ],
      },
      {
        operation: 'addSubtitles',
        params: {
          video: from('job4', 'video'),
          words: from('job5', 'transcript'),
          style: { preset: 'tiktok', highlightActiveWord: true, activeWordColor: '#00ff00' },
        },
      },
    ])
  })

  test.each(['voice_id', 'voiceId', 'voice'])('takes a voice as %s', (name) => {
    const params = { modelId: 'local/espeak', text: 'x', [name]: 'en-gb' }
    expect(only('generateAudio', params)).toMatchObject({ params: { voice: 'en-gb' } })
  })

  test.each(['videoUrl', 'video', 'video_url'])('takes a video as %s', (name) => {
    const params = { modelId: 'local/speech', [name]: film }
    expect(only('transcribe', params)).toMatchObject({ params: { video: fromUrl } })
  })

  test.each(['url', 'videoUrl', 'source', 'input', 'media'])('takes what is cut as %s', (name) => {
    expect(only('trim', { [name]: film, start: 1, end: 3 })).toMatchObject({
      params: { source: fromUrl, startSeconds: 1, endSeconds: 3 },
    })
  })

  test('says operation for type, and the longer names of operations', () => {
    const params = { modelId: 'bria/remove-background', image: 'https://example.com/a.png' }
    const body = { jobs: [{ id: 'a', operation: 'removeImageBackground', params }] }
    expect(read(body).plan?.jobs[0]).toMatchObject({ operation: 'removeBackground' })
  })

  test('means by a model what that model does', () => {
    const remover = {
      modelId: 'codeplugtech/background_remover',
      image: 'https://example.com/a.png',
    }
    expect(only('generateImage', remover).operation).toBe('removeBackground')
    const lips = { modelId: 'sync/lipsync-2', video: film, audio: 'https://example.com/a.mp3' }
    expect(only('generate', lips).operation).toBe('lipSync')
    // A transcript is no image: this is a mistake, and stays one.
    expect(only('generateImage', { modelId: 'openai/whisper' }).operation).toBe('generateImage')
  })

  test('says things to another machine that mean nothing here', () => {
    const params = { modelId: 'minimax/video-01', prompt: 'x', unified: true, sendJobWebhook: 'y' }
    expect(only('generate', params)).toMatchObject({ params: { prompt: 'x' } })
    const still = { modelId: 'bytedance/seedance-1-pro', prompt: 'x', cameraMotion: 'fixed' }
    expect(only('generate', still)).toMatchObject({ params: { extra: { cameraFixed: true } } })
  })

  test('styles captions with words that we do not know, which is warned of', () => {
    const style = { preset: 'tiktok', wordsPerCaption: 3, position: 'bottom', fontWeight: 'bold' }
    const { plan, findings } = read({
      jobs: [
        job('addSubtitles', { video: film, captions: [{ word: 'Hi', start: 0, end: 1 }], style }),
      ],
    })
    expect(findings).toMatchObject([
      { severity: 'warning', path: 'jobs.0.params.style.wordsPerCaption' },
    ])
    expect(plan!.jobs[0]).toMatchObject({
      params: { style: { preset: 'tiktok', alignment: 'bottom', fontWeight: 700 } },
    })
  })
})

describe('placements', () => {
  const placed = (placement: unknown) => {
    const layers = [{ media: film }, { media: film, placement }]
    const found = only('layer', { layers })
    return found.operation === 'layer' ? found.params.layers[1]!.placement : undefined
  }
  const corner = (name: string, padding: number | string = 0) => ({ corner: name, padding })

  test.each<[unknown, object | null]>([
    ['full', null],
    ['center', { width: null, height: null, at: corner('center') }],
    ['pip', { width: '25%', height: null, at: corner('bottom-right', 20) }],
    ['picture-in-picture', { width: '25%', height: null, at: corner('bottom-right', 20) }],
    ['w-1/4 bottom-right', { width: '25%', height: null, at: corner('bottom-right') }],
    ['w-1/3 h-1/2 top-center', { width: '33.33%', height: '50%', at: corner('top') }],
    [
      { width: 300, height: '25%', position: { x: '50', y: '10%' } },
      { width: 300, height: '25%', at: { x: 50, y: '10%' } },
    ],
    [
      { width: '50%', position: 'top-left', padding: 12 },
      { width: '50%', height: null, at: corner('top-left', 12) },
    ],
  ])('are read: %j', (placement, expected) => {
    expect(placed(placement)).toEqual(expected)
  })

  test('that are none are refused with what there is', () => {
    const layers = [{ media: film, placement: 'somewhere' }]
    expect(problems({ jobs: [job('layer', { layers })] })).toMatchObject([
      { path: 'jobs.0.params.layers.0.placement', fix: expect.stringContaining('w-1/4') as string },
    ])
  })

  test('come with a key for green in each of its spellings', () => {
    const keyed = (layer: object) => only('layer', { layers: [{ media: [film], ...layer }] })
    const green = { color: '#00ff00', similarity: 0.3, blend: 0.1 }
    expect(keyed({ chromaKey: true })).toMatchObject({ params: { layers: [{ chromaKey: green }] } })
    expect(keyed({ chromaKeyColor: '00FF00', similarity: 0.3 })).toMatchObject({
      params: { layers: [{ chromaKey: green }] },
    })
    expect(keyed({})).toMatchObject({ params: { layers: [{ chromaKey: null }] } })
  })
})

describe('layers of the published form', () => {
  test('may say their size, which is warned of, and null for what they do not say', () => {
    const params = {
      layers: [{ media: film }],
      outputWidth: 1080,
      mainLayer: 0,
      output_duration: null,
    }
    const { plan, findings } = read({ jobs: [job('layer', params)] })
    expect(plan).not.toBeNull()
    expect(findings).toMatchObject([
      { rule: 'parameter-ignored', severity: 'warning', path: 'jobs.0.params.outputWidth' },
      { rule: 'parameter-ignored', path: 'jobs.0.params.mainLayer' },
    ])
  })

  test('leave loudness alone where a merge says null, and take null for nothing elsewhere', () => {
    const items = [{ type: 'video', url: film }]
    expect(only('merge', { items, loudness: null, width: null })).toMatchObject({
      params: { loudnessLufs: null, widthPx: null },
    })
  })
})

describe('what is wrong is said at its place, as it was written', () => {
  test('for each job, all at once', () => {
    const body = {
      jobs: [
        { id: 'a', type: 'generateImge', params: {} },
        { id: 'b', type: 'trim', params: { videoUrl: 'nonsense', strt: 3 } },
        { id: 'b', type: 'resize', params: { url: film } },
        { id: 'spa ce', type: 'thumbnail', params: { video: film } },
        5,
      ],
    }
    expect(read(body).plan).toBeNull()
    expect(problems(body)).toMatchObject([
      { rule: 'operation-unknown', path: 'jobs.0.type', fix: 'Did you mean generateImage?' },
      { rule: 'parameter-invalid', path: 'jobs.1.params.videoUrl' },
      {
        rule: 'parameter-unknown',
        path: 'jobs.1.params.strt',
        fix: expect.stringContaining('start') as string,
      },
      { rule: 'parameter-invalid', path: 'jobs.2.params.width' },
      { rule: 'parameter-invalid', path: 'jobs.3.id' },
      { rule: 'parameter-invalid', path: 'jobs.4' },
      { rule: 'id-taken', path: 'jobs.2.id' },
    ])
  })

  test('of a parameter that was given twice', () => {
    const params = { model: 'local/card', modelId: 'openai/gpt-image-1', prompt: 'x' }
    const { jobs } = read({ jobs: [job('generateImage', params)] })
    // The second stands among the model's own parameters, which the linter judges.
    expect(jobs[0]).toMatchObject({ params: { extra: { modelId: 'openai/gpt-image-1' } } })
  })

  test.each<[string, unknown]>([
    ['no jobs', { jobs: [] }],
    ['jobs that are no list', { jobs: {} }],
    ['nothing', undefined],
    ['a text', 'jobs'],
    ['a list', [[]]],
    ['credits that are none', { jobs: [job('trim', { url: film })], maxCredits: -1 }],
  ])('of %s', (_, body) => {
    const { plan, findings } = read(body)
    expect(plan).toBeNull()
    expect(findings.length).toBeGreaterThan(0)
  })

  test('of a plan of 5,000 jobs in one sentence', () => {
    const jobs = Array.from({ length: 5_000 }, (_, index) => ({
      ...job('trim', {}),
      id: `j${index}`,
    }))
    expect(problems({ jobs })).toMatchObject([{ rule: 'too-many-jobs', path: 'jobs' }])
  })

  test('of an expansion with everything that it may have', () => {
    const params = {
      ...{ prompt: 'a day', scenes: 3, image: 'local/card', video: null, captions: true },
      voice: { model: 'local/espeak' },
    }
    expect(only('expand', params)).toMatchObject({
      choices: [{ model: 'openai/gpt-4.1-mini', provider: 'openai' }],
      params: {
        image: { model: 'local/card', provider: 'local' },
        video: null,
        voice: { model: 'local/espeak', provider: 'local' },
        captions: { preset: 'tiktok' },
        transcriber: { model: 'local/speech', provider: 'local' },
      },
    })
  })
})

describe('reading and linting', () => {
  const anyBody = fc.oneof(
    fc.jsonValue(),
    fc.record({
      jobs: fc.array(
        fc.oneof(
          fc.jsonValue(),
          fc.record(
            {
              id: fc.oneof(fc.constantFrom('a', 'b', '__proto__'), fc.jsonValue()),
              type: fc.oneof(
                fc.constantFrom('merge', 'generate', 'expand', 'layer', 'addSubtitles', 'trim'),
                fc.string(),
              ),
              params: fc.oneof(
                fc.dictionary(
                  fc.oneof(
                    fc.constantFrom('items', 'image', 'url', 'layers', 'model', 'style', 'prompt'),
                    fc.string(),
                  ),
                  fc.oneof(fc.constantFrom('_jobDependency:a', 'local/card', film), fc.jsonValue()),
                ),
                fc.jsonValue(),
              ),
              fallbacks: fc.jsonValue(),
            },
            { requiredKeys: [] },
          ),
        ),
        { maxLength: 5 },
      ),
    }),
  )

  test('never throw, whatever JSON they are given, and name the places', () => {
    fc.assert(
      fc.property(anyBody, (body) => {
        const { jobs, jobIds, namesFallbacks, maxCredits, findings } = read(body)
        const found = lintPlan({
          ...{ jobs, jobIds, namesFallbacks, maxCredits, availableCredits: 0 },
          ...{ sourceProblems: new Map(), mediumOf: () => null, nearest: nearestName },
          missingSetting: () => null,
          estimate: estimatePlan(jobs, { plan: 'free' }),
        })
        for (const { message, fix } of [...findings, ...found]) {
          expect(message.length).toBeLessThan(2_000)
          expect(fix).not.toBe('')
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('the schema that is published', () => {
  interface Described {
    readonly properties: {
      readonly type: { readonly const: string }
      readonly params: { readonly properties: Readonly<Record<string, unknown>> }
    }
  }

  test('has every operation with every spelling of its parameters', () => {
    const { properties } = planJsonSchema() as unknown as {
      properties: { jobs: { items: { anyOf: readonly Described[] } } }
    }
    const params = new Map(
      properties.jobs.items.anyOf.map(({ properties: each }) => [
        each.type.const,
        Object.keys(each.params.properties),
      ]),
    )
    expect([...params.keys()]).toHaveLength(18)
    expect(params.get('generateAudio')).toEqual(
      expect.arrayContaining(['text', 'voice', 'voiceId', 'modelId']),
    )
    expect(params.get('addSubtitles')).toEqual(
      expect.arrayContaining(['video', 'videoUrl', 'style']),
    )
    expect(params.get('trim')).toEqual(expect.arrayContaining(['source', 'url', 'start', 'end']))
  })
})
