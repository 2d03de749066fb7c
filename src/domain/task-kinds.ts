/** The kinds of single media operations, what each needs of its input, and other names for them. */

export const TASK_KINDS = [
  'render',
  'video',
  'audio',
  'image',
  'adaptive_video',
  'transcription',
  'subtitles',
  'translation',
  'waveform',
  'storyboard',
] as const
export type TaskKind = (typeof TASK_KINDS)[number]

/** Names that code written for other servers uses for a kind of ours. */
const ALIASES = { speech: 'transcription' } as const satisfies Record<string, TaskKind>
type TaskKindName = TaskKind | keyof typeof ALIASES

export const taskKindOf = (name: TaskKindName): TaskKind =>
  name === 'speech' ? ALIASES.speech : name

/** What is really done: an `audio` task whose format is `json` asks for the words and not the sound. */
export const taskWorkOf = (kind: TaskKind, options: { readonly format?: unknown }): TaskKind =>
  kind === 'audio' && options.format === 'json' ? 'transcription' : kind

/**
 * `audio`: a sound track; `video`: moving pictures; `pictures`: moving or not; `words`: a subtitle
 * file, or else a sound track to hear them from.
 */
export type TaskNeed = 'audio' | 'video' | 'pictures' | 'words'

export const TASK_NEEDS: Readonly<Record<TaskKind, TaskNeed>> = {
  render: 'audio',
  video: 'video',
  audio: 'audio',
  image: 'pictures',
  adaptive_video: 'video',
  transcription: 'audio',
  subtitles: 'words',
  translation: 'words',
  waveform: 'audio',
  storyboard: 'video',
}
