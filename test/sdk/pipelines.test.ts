import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import {
  audioModel,
  captions,
  compose,
  generateAudio,
  generateImage,
  generateText,
  generateVideo,
  imageModel,
  layers,
  merge,
  removeBackground,
  textModel,
  transcribe,
  videoModel,
  type ExecutionPlan,
  type JobNode,
  type MediaNode,
} from '../../src/sdk/index.ts'

const scene = (prompt: string, duration = 5) =>
  generateVideo({
    model: videoModel('bytedance/seedance-1-pro', 'replicate'),
    prompt,
    duration,
  })
const picture = (prompt: string) =>
  generateImage({ model: imageModel('google/nano-banana', 'fal'), prompt })
const voice = (text: string) =>
  generateAudio({
    model: audioModel('elevenlabs/turbo-v2.5', 'elevenlabs'),
    text,
    voiceId: '21m00Tcm4TlvDq8ikWAM',
  })
const listener = audioModel('vaibhavs10/incredibly-fast-whisper', 'replicate')

const references = (value: unknown): readonly string[] => {
  if (typeof value === 'string') return /^_\w*[jJ]obDependency:(.+)$/.exec(value)?.slice(1) ?? []
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(references)
}

const jobsOf = (plan: ExecutionPlan, type: string): readonly JobNode[] =>
  plan.jobs.filter((job) => job.type === type)

const onlyJob = (plan: ExecutionPlan, type: string): JobNode => {
  const [job, ...others] = jobsOf(plan, type)
  if (job === undefined || others.length > 0) throw new Error(`not one ${type}`)
  return job
}

/** The jobs whose results nobody uses. */
const ends = ({ jobs }: ExecutionPlan): readonly string[] => {
  const used = new Set(jobs.flatMap(({ params }) => references(params)))
  return jobs.filter(({ id }) => !used.has(id)).map(({ type }) => type)
}

describe('a plan', () => {
  test('says of one job what the published form says', () => {
    expect(compose(scene('a calm sea')).toJSON()).toEqual({
      jobs: [
        {
          id: 'job1',
          type: 'generate',
          params: {
            provider: 'replicate',
            modelId: 'bytedance/seedance-1-pro',
            prompt: 'a calm sea',
            duration: 5,
          },
          output: '$job1',
        },
      ],
    })
  })

  test('is plain JSON that survives being kept', () => {
    const plan = compose(
      captions({
        video: merge([scene('one'), { url: picture('two'), duration: 3 }, voice('three')]),
        model: listener,
        style: { preset: 'tiktok' },
      }),
    ).toJSON()
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan)
  })

  test('makes a node that is used twice once', () => {
    const shared = picture('a lighthouse')
    const plan = compose(
      merge([shared, generateVideo({ ...sceneOf('it turns'), image: shared })]),
    ).toJSON()
    expect(jobsOf(plan, 'generateImage')).toHaveLength(1)
    expect(plan.jobs).toHaveLength(3)
  })

  test('names the alternatives of a model', () => {
    const plan = compose(
      generateImage({
        model: imageModel('google/nano-banana', 'fal'),
        fallbacks: [imageModel('bytedance/seedream-4', 'replicate')],
        prompt: 'a door',
      }),
    ).toJSON()
    expect(plan.jobs[0]).toMatchObject({
      fallbacks: [{ model: 'bytedance/seedream-4', provider: 'replicate' }],
    })
    expect(plan.jobs[0]?.params).not.toHaveProperty('fallbacks')
  })

  test('marks what kind of result a reference is', () => {
    const plan = compose(
      captions({
        video: generateVideo({
          model: videoModel('veed/fabric-1.0', 'fal'),
          image: removeBackground({
            model: imageModel('codeplugtech/background_remover', 'replicate'),
            image: picture('a woman'),
          }),
          audio: voice('hello'),
        }),
        transcript: transcribe({ model: listener, video: 'https://example.com/said.mp4' }),
      }),
    ).toJSON()
    const written = JSON.stringify(plan)
    expect(written).toMatch(/"image":"_imageJobDependency:job\d"/)
    expect(written).toMatch(/"image":"_jobDependency:job\d"/)
    expect(written).toMatch(/"audio":"_audioJobDependency:job\d"/)
    expect(written).toMatch(/"transcript":"_transcriptJobDependency:job\d"/)
    expect(written).toMatch(/"videoUrl":"_videoJobDependency:job\d"/)
  })

  test('lets a text that a model writes be what others are asked for', () => {
    const script = generateText({ model: textModel('openai/gpt-4.1-mini', 'openai'), prompt: 'x' })
    const plan = compose(
      merge([
        generateVideo({ ...sceneOf(''), prompt: script }),
        generateAudio({ model: audioModel('local/espeak', 'local'), text: script }),
      ]),
    ).toJSON()
    expect(jobsOf(plan, 'generateText')).toHaveLength(1)
    expect(onlyJob(plan, 'generate').params['prompt']).toBe('_jobDependency:job1')
    expect(onlyJob(plan, 'generateAudio').params['text']).toBe('_jobDependency:job1')
  })
})

const sceneOf = (prompt: string) => ({
  model: videoModel('bytedance/seedance-1-pro', 'replicate'),
  prompt,
})

/** A medium of one kind, made in some way. */
const anyNode: fc.Arbitrary<MediaNode> = fc.letrec<{
  image: MediaNode<'image'>
  video: MediaNode<'video'>
  audio: MediaNode<'audio'>
}>((tie) => ({
  image: fc.string({ maxLength: 5 }).map(picture),
  audio: fc.string({ maxLength: 5 }).map(voice),
  video: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.string({ maxLength: 5 }).map((prompt) => scene(prompt)),
    fc
      .record({ image: tie('image'), audio: tie('audio') })
      .map((inputs) => generateVideo({ model: videoModel('veed/fabric-1.0', 'fal'), ...inputs })),
    fc
      .array(fc.oneof(tie('video'), tie('image'), tie('audio')), { minLength: 1, maxLength: 4 })
      .map((items) => merge(items)),
    fc
      .array(fc.oneof(tie('video'), tie('image'), tie('audio')), { minLength: 1, maxLength: 3 })
      .map((all) =>
        layers([{ media: 'https://example.com/a.mp4' }, ...all.map((media) => ({ media }))]),
      ),
    tie('video').map((video) => captions({ video, model: listener })),
  ),
})).video

describe('whatever is composed', () => {
  test.prop([fc.array(anyNode, { minLength: 1, maxLength: 4 })])(
    'a job stands after those that it uses, and names them',
    (nodes) => {
      const { jobs } = compose(...nodes).toJSON()
      const written = new Set<string>()
      for (const { id, params, dependsOn = [] } of jobs) {
        const used = new Set(references(params))
        expect(new Set(dependsOn)).toEqual(used)
        for (const each of used) expect(written).toContain(each)
        expect(written).not.toContain(id)
        written.add(id)
      }
    },
  )

  test.prop([fc.array(anyNode, { minLength: 1, maxLength: 4 })])(
    'no voice-over is lost: everything that is made is heard or seen in the one result',
    (nodes) => {
      const plan = compose(...nodes, voice('over it all')).toJSON()
      expect(ends(plan)).toHaveLength(1)
    },
  )
})

describe('a voice-over', () => {
  const isHeard = (plan: ExecutionPlan) => {
    const spoken = onlyJob(plan, 'generateAudio').id
    const items = jobsOf(plan, 'merge').flatMap(
      ({ params }) => params['items'] as { type: string; url: string }[],
    )
    expect(items).toContainEqual(
      expect.objectContaining({ type: 'audio', url: `_audioJobDependency:${spoken}` }),
    )
    expect(ends(plan)).toHaveLength(1)
  }

  test.each([
    ['beside scenes', compose(scene('one'), scene('two'), voice('v'))],
    ['of a pipeline in a pipeline', compose(compose(scene('one')), compose(voice('v')))],
    ['in a merge', compose(merge([scene('one'), voice('v')]))],
    [
      'under captions',
      compose(captions({ video: merge([scene('a'), voice('v')]), model: listener })),
    ],
    ['of a merge in a merge', compose(merge([merge([scene('a'), voice('v')]), scene('b')]))],
    ['in a merge in layers', compose(layers([{ media: merge([scene('a'), voice('v')]) }]))],
    ['over a picture', compose(picture('a'), voice('v'))],
  ])('%s ends up in the merge', (_where, pipeline) => {
    isHeard(pipeline.toJSON())
  })

  test('among layers is one of them, above a picture', () => {
    const plan = compose(layers([{ media: voice('v'), start: 2 }, { media: scene('a') }])).toJSON()
    expect(onlyJob(plan, 'layer').params['layers']).toEqual([
      { media: '_videoJobDependency:job1' },
      { media: '_audioJobDependency:job2', start: 2 },
    ])
  })

  test('that a portrait speaks reaches the portrait wherever it stands', () => {
    const speaker = generateVideo({
      model: videoModel('veed/fabric-1.0', 'fal'),
      image: picture('a face'),
      audio: voice('v'),
    })
    const plan = compose(merge([{ media: speaker, volume: 0.5 }])).toJSON()
    const spoken = onlyJob(plan, 'generateAudio').id
    expect(onlyJob(plan, 'generate').params['audio']).toBe(`_audioJobDependency:${spoken}`)
  })
})

describe('pipelines with several ends', () => {
  test('of pictures alone, or of sounds alone, stay apart', () => {
    expect(compose(picture('a'), picture('b')).toJSON().jobs).toHaveLength(2)
    expect(compose(voice('a'), voice('b')).toJSON().jobs).toHaveLength(2)
  })

  test('are joined in their order', () => {
    const plan = compose(scene('a'), picture('b'), scene('c')).toJSON()
    expect(onlyJob(plan, 'merge').params['items']).toEqual([
      { type: 'video', url: '_videoJobDependency:job1' },
      { type: 'image', url: '_imageJobDependency:job2' },
      { type: 'video', url: '_videoJobDependency:job3' },
    ])
  })

  test('do not count what a later node uses', () => {
    const first = scene('a')
    expect(compose(first, captions({ video: first, model: listener })).toJSON().jobs).toHaveLength(
      3,
    )
  })
})

describe('merge', () => {
  const items = (...given: Parameters<typeof merge>[0]) => merge(given).params['items']

  test.each([
    ['https://example.com/a.mp4?token=b.mp3', 'video'],
    ['https://example.com/A.MP3', 'audio'],
    ['https://example.com/a.jpeg#x', 'image'],
    ['https://example.com/without-an-ending', 'video'],
    ['med_0123456789abcdefghijkl', 'video'],
  ])('tells by the ending of %s that it is %s', (url, type) => {
    expect(items(url)).toEqual([{ type, url }])
  })

  test('believes a type that is given', () => {
    expect(items({ url: 'https://example.com/x', type: 'audio', offset: 2, volume: 0.5 })).toEqual([
      { type: 'audio', url: 'https://example.com/x', offset: 2, volume: 0.5 },
    ])
  })

  test('says what an item lacks', () => {
    expect(() => merge([{ duration: 2 }])).toThrow('needs a url or a node')
  })
})

describe('layers', () => {
  const drawn = (...given: Parameters<typeof layers>) =>
    layers(...given).params['layers'] as Record<string, unknown>[]
  const title = (name: string) => `https://example.com/${name}.png`

  test('of a timeline follow each other', () => {
    const timeline = [
      { media: title('a'), duration: 3 },
      { media: title('b'), duration: 2 },
      { media: title('c') },
    ]
    expect(drawn([{ media: 'https://example.com/v.mp4' }, timeline]).slice(1)).toEqual([
      { media: title('a'), start: 0, end: 3 },
      { media: title('b'), start: 3, end: 5 },
      { media: title('c'), start: 5 },
    ])
  })

  test('of a timeline without durations share what the whole leaves', () => {
    const timeline = [
      { media: title('a') },
      { media: title('b'), duration: 4 },
      { media: title('c') },
    ]
    const film = { media: 'https://example.com/v.mp4' }
    expect(drawn([film, timeline], { duration: 10 })).toEqual([
      { ...film, end: 10 },
      { media: title('a'), start: 0, end: 3 },
      { media: title('b'), start: 3, end: 7 },
      { media: title('c'), start: 7, end: 10 },
    ])
    expect(() => layers([film, timeline])).toThrow('need a duration')
  })

  test('with a timeline at the bottom stand on one film of it', () => {
    const timeline = [{ media: title('a'), duration: 3 }, { media: scene('b') }]
    const plan = compose(layers([timeline, { media: title('c'), placement: 'pip' }])).toJSON()
    expect(onlyJob(plan, 'merge').params['items']).toEqual([
      { type: 'image', url: title('a'), duration: 3 },
      { type: 'video', url: '_videoJobDependency:job1' },
    ])
    expect(onlyJob(plan, 'layer').params['layers']).toEqual([
      { media: '_videoJobDependency:job2' },
      { media: title('c'), placement: 'pip' },
    ])
  })

  test('may be given in an object, as the guide has them', () => {
    const both = { layers: [{ media: title('a') }], width: 640 }
    expect(layers(both)).toEqual(layers(both.layers, { width: 640 }))
    expect(
      compose(layers(both))
        .toJSON()
        .jobs.map(({ type }) => type),
    ).toEqual(['layer', 'resize'])
  })

  test('play a list one after the other', () => {
    const plan = compose(layers([{ media: [scene('a'), scene('b')] }])).toJSON()
    expect(plan.jobs.map(({ type }) => type)).toEqual(['generate', 'generate', 'merge', 'layer'])
  })
})

describe('captions', () => {
  test('of your own words ask no model', () => {
    const words = [{ word: 'Hello', start: 0, end: 0.5 }]
    const plan = compose(captions({ video: 'https://example.com/v.mp4', captions: words })).toJSON()
    expect(plan.jobs).toEqual([
      {
        id: 'job1',
        type: 'addSubtitles',
        params: { videoUrl: 'https://example.com/v.mp4', captions: words },
        output: '$job1',
      },
    ])
  })

  test('listen to the video that they are burned into', () => {
    const plan = compose(captions({ video: scene('a'), model: listener })).toJSON()
    const videoUrl = '_videoJobDependency:job1'
    expect(plan.jobs.slice(1).map(({ params }) => params)).toEqual([
      expect.objectContaining({ videoUrl, modelId: 'vaibhavs10/incredibly-fast-whisper' }),
      { videoUrl, transcript: '_transcriptJobDependency:job2' },
    ])
  })

  test('without a model let the server listen with what it has', () => {
    const plan = compose(captions(merge([scene('a'), voice('v')]))).toJSON()
    expect(onlyJob(plan, 'transcribe').params).toEqual({ videoUrl: '_videoJobDependency:job3' })
    expect(ends(plan)).toEqual(['addSubtitles'])
  })

  test('without a video say what they need', () => {
    expect(() => captions({} as Parameters<typeof captions>[0])).toThrow("needs a 'video'")
  })
})

describe('models', () => {
  test('are known by their short names as well', () => {
    expect(videoModel('minimax', 'replicate').modelId).toBe('minimax/video-01')
  })

  test('leave keys out of plans, which are kept and shown', () => {
    const apiKey = 'r8_secret'
    const image = generateImage({
      model: imageModel('google/nano-banana', { provider: 'fal', apiKey }),
      prompt: 'a door',
      apiKey,
    })
    expect(JSON.stringify(compose(image).toJSON())).not.toContain(apiKey)
  })

  test('take what their table says, as types', () => {
    // @ts-expect-error -- It runs at no such provider.
    videoModel('bytedance/seedance-1-pro', 'fal')
    // @ts-expect-error -- It is no image model.
    imageModel('bytedance/seedance-1-pro', 'replicate')
    // @ts-expect-error -- It needs a text.
    generateAudio({ model: audioModel('local/espeak', 'local') })
    generateVideo({
      ...sceneOf('x'),
      // @ts-expect-error -- It has no such shape.
      aspectRatio: '5:4',
    })
    generateVideo({
      ...sceneOf('x'),
      // @ts-expect-error -- It starts from a picture, not from a sound.
      image: voice('x'),
    })
  })
})
