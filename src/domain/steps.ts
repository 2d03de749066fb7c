/**
 * The steps of each pipeline as a customer sees them, and which activities make them up. A step is
 * opened by the first of its activities and closed by the last; the recorder of steps reads this
 * table, so that workflows contain no bookkeeping.
 */

export const PIPELINES = ['render', 'stream', 'localize', 'generate', 'clip', 'recut'] as const
export type Pipeline = (typeof PIPELINES)[number]
/** Pipelines whose orders stand beside each other; a render supersedes the one before it. */
export type OrderedPipeline = Exclude<Pipeline, 'render'>

export const PIPELINE_STEPS = {
  render: [
    'hold credits',
    'crop audio',
    'remote render',
    'thumbnails',
    'invalidate cdn',
    'mark ready',
    'notify',
  ],
  stream: [
    'hold credits',
    'probe',
    'ladder',
    'poster',
    'preview',
    'transcript',
    'storyboard',
    'waveform',
    'assemble',
    'notify',
  ],
  // `translate` stands for one step per language: `translate es`, `translate fr`.
  localize: [
    'hold credits',
    'extract audio',
    'transcribe',
    'subtitles',
    'translate',
    'save',
    'notify',
  ],
  // `job` stands for one step per job of the plan: `job voice`, `job film`.
  generate: ['hold credits', 'job', 'deliver', 'notify'],
  // `clip` stands for one step per clip: `clip 1`, `clip 2`.
  clip: [
    'hold credits',
    'download',
    'extract audio',
    'transcribe',
    'score',
    'clip',
    'save',
    'notify',
  ],
  // One clip again. `score` is there when another moment is looked for.
  recut: ['hold credits', 'score', 'clip', 'save', 'notify'],
} as const satisfies Record<Pipeline, readonly string[]>

export type StepName = (typeof PIPELINE_STEPS)[Pipeline][number]

export interface StepPart {
  readonly step: string
  /** `whole`: the activity is the step. A step of several activities is opened by one and closed
   * by another; what lies between them (waiting) belongs to the step. */
  readonly part: 'whole' | 'opens' | 'closes'
}

/** The step of a localization that makes one language. */
export const translateStep = (language: string): string => `translate ${language}`

/** The step of a generation that makes one job of its plan. */
export const jobStep = (jobId: string): string => `job ${jobId}`

/** The step of an order of clips that makes one of them, counted from 1. */
export const clipStep = (number: number): string => `clip ${number}`

type ActivityInput = Readonly<Record<string, unknown>>

interface ActivityStep {
  /** A function where the activity's input says which step it is. */
  readonly step: StepName | ((input: ActivityInput) => string)
  readonly part: StepPart['part'] | ((input: ActivityInput) => StepPart['part'])
}

/** A localization brings its recording in as part of the step; clips have a step of their own for that. */
const partOfExtraction = ({ recording }: ActivityInput): StepPart['part'] =>
  typeof recording === 'object' && recording !== null && 'clipsFolderKey' in recording
    ? 'whole'
    : 'closes'

/** Activities that are missing here (alerts, compensation, polls, parts of a step) are no steps of
 * their own. */
export const STEP_OF_ACTIVITY: Readonly<Record<string, ActivityStep>> = {
  cropAudio: { step: 'crop audio', part: 'whole' },
  submitRender: { step: 'remote render', part: 'opens' },
  verifyRender: { step: 'remote render', part: 'closes' },
  makeThumbnails: { step: 'thumbnails', part: 'whole' },
  invalidateCdn: { step: 'invalidate cdn', part: 'whole' },
  markReady: { step: 'mark ready', part: 'whole' },
  probeSource: { step: 'probe', part: 'whole' },
  planLadder: { step: 'ladder', part: 'opens' },
  closeLadder: { step: 'ladder', part: 'closes' },
  makePoster: { step: 'poster', part: 'whole' },
  makePreview: { step: 'preview', part: 'whole' },
  transcribeStream: { step: 'transcript', part: 'whole' },
  makeStreamStoryboard: { step: 'storyboard', part: 'whole' },
  makeStreamWaveform: { step: 'waveform', part: 'whole' },
  bringRecording: { step: 'extract audio', part: 'opens' },
  extractAudio: { step: 'extract audio', part: partOfExtraction },
  transcribeRecording: { step: 'transcribe', part: 'whole' },
  makeSubtitles: { step: 'subtitles', part: 'whole' },
  translateSubtitles: { step: ({ language }) => translateStep(String(language)), part: 'whole' },
  submitModelJob: { step: ({ jobId }) => jobStep(String(jobId)), part: 'opens' },
  makeMedia: { step: ({ jobId }) => jobStep(String(jobId)), part: 'opens' },
  bringFootage: { step: 'download', part: 'whole' },
  scoreMoments: { step: 'score', part: 'whole' },
  watchFaces: { step: ({ number }) => clipStep(Number(number)), part: 'opens' },
  publishClip: { step: ({ number }) => clipStep(Number(number)), part: 'closes' },
  completeExecution: { step: ({ step }) => String(step), part: 'whole' },
  notify: { step: 'notify', part: 'whole' },
  sendMail: { step: 'notify', part: 'whole' },
}

/** The step that one call of an activity belongs to; null when it is none. */
export const stepOfActivity = (activity: string, input: ActivityInput): StepPart | null => {
  const found = STEP_OF_ACTIVITY[activity]
  if (found === undefined) return null
  const { step, part } = found
  return {
    step: typeof step === 'string' ? step : step(input),
    part: typeof part === 'string' ? part : part(input),
  }
}

/** Steps that tell of the end of an execution, and so run after it, however it ended. */
export const runsAfterEnd = (step: string): boolean => step === ('notify' satisfies StepName)

const EVERY_ROUND: ReadonlySet<string> = new Set<StepName>([
  'assemble',
  'save',
  'deliver',
  'notify',
])

/** Steps that put together or tell what there is, and so run again in each retry. */
export const runsEveryRound = (step: string): boolean => EVERY_ROUND.has(step)
