/** `expand`: what a text model is asked for, and the jobs that its scenes become. */

import { MediaError } from '../failures.ts'
import { LOUDNESS_TARGET_LUFS } from '../loudness.ts'
import type { MergeItem, ModelParams } from './job-params.ts'
import { fallbacksFor } from './models/table.ts'
import type { ExpandParams, JobResult, ModelChoice, ModelJob, PlanJob } from './plan.ts'

export type ExpandJob = Extract<ModelJob, { operation: 'expand' }>

export interface Scene {
  /** What is to be seen. */
  readonly picture: string
  /** What moves in it. */
  readonly motion: string
  /** What is said over it. */
  readonly narration: string
  readonly durationSeconds: number
}

/** Whether this result is half of what an `expand` makes: the text is written, and the jobs of its scenes
 * are still to be added or done. */
export const isHalfExpanded = (
  { operation }: PlanJob,
  result: Pick<JobResult, 'media'> | null,
): boolean => operation === 'expand' && result?.media === 'text'

/** No plan grows by more, whatever is asked for. */
export const SCENES_MAX = 20
/** The names of the jobs of scenes begin with the id of theirs, and ids have 64 characters. */
export const EXPAND_ID_LENGTH_MAX = 48

const TEXT_LENGTH_MAX = 1_000
/** What can be said in the longest scene. */
const NARRATION_LENGTH_MAX = 300
const SCENE_SECONDS = { min: 2, max: 12 } as const
/** Of an unhurried voice. */
const LETTERS_IN_A_SECOND = 14

const line = (description: string) => ({ type: 'string', description })

/** As OpenAI takes schemas in strict mode: every field required, none beside them, no bounds. */
const SCENES_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['scenes'],
  properties: {
    scenes: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['picture', 'motion', 'narration', 'durationSeconds'],
        properties: {
          picture: line(
            'What the picture shows, for an image model: subject, place, light, style.',
          ),
          motion: line('What moves, and how the camera does.'),
          narration: line('What the voice says over it; empty for silence.'),
          durationSeconds: { type: 'number', description: 'Between 2 and 12.' },
        },
      },
    },
  },
} as const

/** What the text model is asked. */
export const scenesRequest = ({ prompt, scenesMax, aspectRatio }: ExpandParams): ModelParams => ({
  prompt: [
    'Split the following idea into the scenes of one short video.',
    `Write at most ${scenesMax} scenes. The format is ${aspectRatio}.`,
    'Describe each picture so that it can be drawn without knowing the others: repeat who and where.',
    `A narration has at most ${NARRATION_LENGTH_MAX} characters and fits its scene when read calmly.`,
    '',
    prompt,
  ].join('\n'),
  schema: SCENES_SCHEMA,
})

/**
 * The scenes in the text that a model has written, no more than were asked for. *Errors:*
 * PROVIDER_OUTPUT_INVALID for anything else than such scenes.
 */
export const readScenes = (text: string, scenesMax: number): readonly Scene[] => {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new MediaError('PROVIDER_OUTPUT_INVALID', 'the scenes are no JSON', { cause })
  }
  const scenes = (json as { scenes?: unknown } | null)?.scenes
  if (!Array.isArray(scenes) || scenes.length === 0) {
    throw new MediaError('PROVIDER_OUTPUT_INVALID', 'there are no scenes')
  }
  return scenes.slice(0, Math.min(scenesMax, SCENES_MAX)).map(readScene)
}

const readScene = (scene: unknown): Scene => {
  const { picture, motion, narration, durationSeconds } = (scene ?? {}) as Record<string, unknown>
  const isScene =
    typeof picture === 'string' &&
    picture.trim() !== '' &&
    typeof motion === 'string' &&
    typeof narration === 'string' &&
    typeof durationSeconds === 'number' &&
    Number.isFinite(durationSeconds)
  if (!isScene) throw new MediaError('PROVIDER_OUTPUT_INVALID', 'a scene lacks what it needs')
  return {
    picture: picture.trim().slice(0, TEXT_LENGTH_MAX),
    motion: motion.trim().slice(0, TEXT_LENGTH_MAX),
    narration: narration.trim().slice(0, NARRATION_LENGTH_MAX),
    durationSeconds: Math.max(SCENE_SECONDS.min, Math.min(durationSeconds, SCENE_SECONDS.max)),
  }
}

/** A model job with its alternatives. */
const modelJob = (
  id: string,
  operation: Exclude<ModelJob['operation'], 'expand'>,
  choice: ModelChoice,
  params: ModelParams,
): ModelJob => ({
  id,
  operation,
  choices: [choice, ...fallbacksFor(choice)],
  params,
  dependsOn: [],
})

const resultOf = (jobId: string) => ({ from: 'job', jobId, media: null }) as const

/** What a scene takes, a voice included that has more to say than the scene lasts. */
const lastingSeconds = ({ durationSeconds, narration }: Scene): number =>
  Math.min(
    SCENE_SECONDS.max * 2,
    Math.max(durationSeconds, Math.ceil(narration.length / LETTERS_IN_A_SECOND)),
  )

const clipJobs = (job: ExpandJob, scene: Scene, name: string): readonly ModelJob[] => {
  const { image, video, aspectRatio } = job.params
  const picture =
    image === null
      ? []
      : [
          modelJob(`${name}-image`, 'generateImage', image, {
            prompt: scene.picture,
            aspectRatio,
          }),
        ]
  if (video === null) return picture
  return [
    ...picture,
    modelJob(`${name}-video`, 'generate', video, {
      prompt: image === null ? `${scene.picture} ${scene.motion}` : scene.motion,
      ...(image === null ? {} : { image: resultOf(`${name}-image`) }),
      durationSeconds: Math.min(lastingSeconds(scene), SCENE_SECONDS.max),
      aspectRatio,
    }),
  ]
}

/**
 * The jobs of some scenes: of each its image, video and voice, then one merge, then the captions. The
 * last job's result is that of the expansion. None of them expands, so the tree is one deep.
 */
export const jobsOfScenes = (job: ExpandJob, scenes: readonly Scene[]): readonly PlanJob[] => {
  const { video, voice, captions, transcriber } = job.params
  const jobs: PlanJob[] = []
  const clips: MergeItem[] = []
  const voices: MergeItem[] = []
  let offsetSeconds = 0
  for (const [index, scene] of scenes.entries()) {
    const name = `${job.id}-${index + 1}`
    const durationSeconds = lastingSeconds(scene)
    const type = video === null ? 'image' : 'video'
    jobs.push(...clipJobs(job, scene, name))
    const source = resultOf(`${name}-${type}`)
    clips.push({ type, source, durationSeconds, offsetSeconds: 0, volume: 1 })
    if (voice !== null && scene.narration !== '') {
      jobs.push(modelJob(`${name}-voice`, 'generateAudio', voice, { text: scene.narration }))
      voices.push({
        ...{ type: 'audio', source: resultOf(`${name}-voice`), durationSeconds: null },
        ...{ offsetSeconds, volume: 1 },
      })
    }
    offsetSeconds += durationSeconds
  }
  jobs.push(mergeJob(`${job.id}-merge`, [...clips, ...voices]))
  if (captions === null || transcriber === null || voices.length === 0) return jobs
  return [
    ...jobs,
    modelJob(`${job.id}-words`, 'transcribe', transcriber, { video: resultOf(`${job.id}-merge`) }),
    {
      id: `${job.id}-captions`,
      operation: 'addSubtitles',
      dependsOn: [],
      params: {
        video: resultOf(`${job.id}-merge`),
        words: resultOf(`${job.id}-words`),
        style: captions,
      },
    },
  ]
}

const mergeJob = (id: string, items: readonly MergeItem[]): PlanJob => ({
  id,
  operation: 'merge',
  dependsOn: [],
  params: {
    items,
    widthPx: null,
    heightPx: null,
    frameRate: null,
    fit: 'cover',
    loudnessLufs: LOUDNESS_TARGET_LUFS,
    // A clip that is shorter than its words stands still until they are said.
    lengths: 'freeze',
  },
})

/** The shortest and the longest that can come of an expansion, for its price. */
export const sampleScenes = (
  { scenesMax }: ExpandParams,
  which: 'least' | 'most',
): readonly Scene[] =>
  Array.from({ length: which === 'least' ? 1 : Math.min(scenesMax, SCENES_MAX) }, () => ({
    picture: 'x'.repeat(which === 'least' ? 1 : TEXT_LENGTH_MAX),
    motion: '',
    narration: 'x'.repeat(which === 'least' ? 1 : NARRATION_LENGTH_MAX),
    durationSeconds: which === 'least' ? SCENE_SECONDS.min : SCENE_SECONDS.max,
  }))
