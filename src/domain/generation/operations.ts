/** What a job of a plan can be asked to do, and what comes of it. The one table of it. */

/** What goes from one job to another. `text` is plain text, `transcript` words with their times. */
export const JOB_MEDIA = ['video', 'image', 'audio', 'text', 'transcript'] as const
export type JobMedia = (typeof JOB_MEDIA)[number]

interface OperationFacts {
  /** `model`: a model makes it, at a provider or here; `media`: FFmpeg makes it here. */
  readonly by: 'model' | 'media'
  /** `input`: of the kind that its input is. */
  readonly makes: JobMedia | 'input'
  /** In a few words, for people who watch: "making an image". */
  readonly summary: string
}

/** Keeps the literals: types are made of them. */
const made = <By extends OperationFacts['by'], Makes extends OperationFacts['makes']>(
  by: By,
  makes: Makes,
  summary: string,
) => ({ by, makes, summary })

export const OPERATIONS = {
  generateImage: made('model', 'image', 'making an image'),
  generate: made('model', 'video', 'making a video'),
  generateAudio: made('model', 'audio', 'making a voice'),
  generateText: made('model', 'text', 'writing a text'),
  transcribe: made('model', 'transcript', 'writing down what is said'),
  translate: made('model', 'transcript', 'translating'),
  removeBackground: made('model', 'input', 'removing the background'),
  reframe: made('model', 'video', 'reframing'),
  lipSync: made('model', 'video', 'matching the lips to the voice'),
  expand: made('model', 'video', 'writing the scenes'),
  merge: made('media', 'video', 'joining the clips'),
  layer: made('media', 'video', 'laying pictures over each other'),
  addSubtitles: made('media', 'video', 'burning the captions in'),
  resize: made('media', 'input', 'changing the size'),
  convert: made('media', 'input', 'converting'),
  trim: made('media', 'input', 'cutting'),
  extractAudio: made('media', 'audio', 'taking the sound out'),
  thumbnail: made('media', 'image', 'making a thumbnail'),
} as const satisfies Record<string, OperationFacts>

export type Operation = keyof typeof OPERATIONS
/** Operations that models do, at providers or by engines of ours. */
export type ModelOperation = {
  [Name in Operation]: (typeof OPERATIONS)[Name]['by'] extends 'model' ? Name : never
}[Operation]
export type MediaOperation = Exclude<Operation, ModelOperation>
