import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MediaError } from '../../../src/domain/failures.ts'
import { planGraph, planOrder } from '../../../src/domain/generation/graph.ts'
import { findRoute } from '../../../src/domain/generation/models/table.ts'
import {
  jobsOfScenes,
  readScenes,
  scenesRequest,
  SCENES_MAX,
  type ExpandJob,
  type Scene,
} from '../../../src/domain/generation/scenes.ts'
import { by } from '../../support/plan-jobs.ts'

interface Part {
  readonly type?: string
  readonly properties?: Readonly<Record<string, Part>>
  readonly items?: Part
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean
}

const job: ExpandJob = {
  ...{ id: 'story', operation: 'expand', dependsOn: [] },
  choices: [by('openai/gpt-4.1-mini @ openai')],
  params: {
    ...{ prompt: 'a day at sea', scenesMax: 3, aspectRatio: '9:16' },
    image: by('local/card @ local'),
    video: by('local/pan-zoom @ local'),
    voice: by('local/espeak @ local'),
    captions: { preset: 'tiktok' },
    transcriber: by('local/speech @ local'),
  },
}

const scene: Scene = {
  picture: 'A boat at dawn',
  motion: 'It leaves the harbour',
  narration: 'They left early.',
  durationSeconds: 4,
}

const idsOf = (scenes: readonly Scene[], params: Partial<ExpandJob['params']> = {}) =>
  jobsOfScenes({ ...job, params: { ...job.params, ...params } }, scenes).map(({ id }) => id)

describe('the jobs of scenes', () => {
  it('are image, video and voice of each, then the film, then its captions', () => {
    expect(idsOf([scene, { ...scene, narration: '' }])).toEqual([
      ...['story-1-image', 'story-1-video', 'story-1-voice', 'story-2-image', 'story-2-video'],
      ...['story-merge', 'story-words', 'story-captions'],
    ])
  })

  it('end with the one whose result is that of all', () => {
    expect(idsOf([scene], { captions: null }).at(-1)).toBe('story-merge')
    // Nothing is said, so there is nothing to write into the picture.
    expect(idsOf([{ ...scene, narration: '' }]).at(-1)).toBe('story-merge')
  })

  it('stand the images still where no video was asked for', () => {
    const jobs = jobsOfScenes({ ...job, params: { ...job.params, video: null } }, [scene])
    const film = jobs.find(({ operation }) => operation === 'merge')
    expect(film).toMatchObject({ params: { items: [{ type: 'image', durationSeconds: 4 }, {}] } })
  })

  it('begin each voice with its scene, and give it the time that it takes', () => {
    const long = { ...scene, narration: 'x'.repeat(140) }
    const film = jobsOfScenes(job, [long, scene]).find(({ operation }) => operation === 'merge')
    expect(film).toMatchObject({
      params: {
        lengths: 'freeze',
        items: [
          { type: 'video', durationSeconds: 10 },
          { type: 'video', durationSeconds: 4 },
          { type: 'audio', offsetSeconds: 0 },
          { type: 'audio', offsetSeconds: 10 },
        ],
      },
    })
  })

  it('are a graph that can be run, and none of them grows again', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: SCENES_MAX }), (count) => {
        const jobs = jobsOfScenes(
          job,
          Array.from({ length: count }, () => scene),
        )
        expect(planOrder(planGraph(jobs))).toHaveProperty('order')
        expect(jobs.some(({ operation }) => operation === 'expand')).toBe(false)
        expect(new Set(jobs.map(({ id }) => id)).size).toBe(jobs.length)
      }),
    )
  })
})

describe('what a text model has written', () => {
  it('becomes scenes, no more than were asked for', () => {
    const text = JSON.stringify({ scenes: Array.from({ length: 1_000 }, () => scene) })
    expect(readScenes(text, 3)).toEqual([scene, scene, scene])
    expect(readScenes(text, 10_000)).toHaveLength(SCENES_MAX)
  })

  it('is brought within the lengths that models and prices know', () => {
    const wild = {
      picture: 'x'.repeat(1e6),
      motion: '',
      narration: 'y'.repeat(1e6),
      durationSeconds: 1e9,
    }
    const [tamed] = readScenes(JSON.stringify({ scenes: [wild] }), 1)
    expect(tamed).toMatchObject({ durationSeconds: 12 })
    expect(tamed!.picture.length).toBe(1_000)
    expect(tamed!.narration.length).toBe(300)
  })

  it.each([
    'Sure! Here are your scenes:',
    '[]',
    'null',
    '{"scenes":[]}',
    '{"scenes":[{"picture":"a"}]}',
    '{"scenes":[{"picture":" ","motion":"","narration":"","durationSeconds":4}]}',
    '{"scenes":[null]}',
    '{"scenes":{"scenes":[]}}',
  ])('is nothing if it is no scenes: %s', (text) => {
    expect(() => readScenes(text, 3)).toThrow(/PROVIDER_OUTPUT_INVALID/)
  })

  it('never does anything else than give scenes or fail, whatever is in it', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const outcome = () => {
          try {
            return readScenes(text, 3).length > 0 ? 'scenes' : 'nothing'
          } catch (error) {
            return error instanceof MediaError ? error.code : 'another failure'
          }
        }
        expect(['scenes', 'PROVIDER_OUTPUT_INVALID']).toContain(outcome())
      }),
    )
  })

  it('is asked for with a schema that strict mode takes', () => {
    const { prompt, schema } = scenesRequest(job.params)
    const body = findRoute(job.choices[0]!)!.body({ prompt: String(prompt), schema: schema! })
    expect(body).toMatchObject({ response_format: { json_schema: { strict: true } } })
    const objects = (part: Part): readonly Part[] => [
      ...(part.type === 'object' ? [part] : []),
      ...[...Object.values(part.properties ?? {}), ...(part.items ? [part.items] : [])].flatMap(
        objects,
      ),
    ]
    const all = objects(schema as unknown as Part)
    expect(all).toHaveLength(2)
    for (const { additionalProperties, required, properties } of all) {
      expect(additionalProperties).toBe(false)
      expect(required).toEqual(Object.keys(properties ?? {}))
    }
  })
})
