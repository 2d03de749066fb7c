import { readFile, writeFile } from 'node:fs/promises'
import { cancellationSignal } from '@temporalio/activity'
import type { TaskWorkInput } from '../../contracts/activities.ts'
import { readTranscript } from '../../contracts/http/tasks/transcript-file.ts'
import type { Cue, SubtitleFormat } from '../../domain/captions/cue.ts'
import { layOutCues, usualCaptionLimits, type CaptionLimits } from '../../domain/captions/layout.ts'
import { wrapText } from '../../domain/captions/lines.ts'
import {
  readSubtitles,
  SUBTITLE_CONTENT_TYPES,
  writeSubtitles,
} from '../../domain/captions/subtitle-file.ts'
import { taskOutputKey } from '../../domain/storage-keys.ts'
import type { TaskOutput } from '../../domain/task-output.ts'
import type { Transcript } from '../../domain/transcript.ts'
import type { ActivityDependencies } from '../dependencies.ts'

/** What a task's words come from: a transcript of ours, or a subtitle file. */
export type TaskWords =
  | { readonly from: 'transcript'; readonly transcript: Transcript }
  | { readonly from: 'subtitles'; readonly cues: readonly Cue[] }

/** *Errors:* SUBTITLES_UNREADABLE, MEDIA_TOO_LARGE (more cues than a day has seconds). */
export const readTaskWords = async (
  deps: ActivityDependencies,
  { taskId, inputKey, isTranscript }: TaskWorkInput & { readonly isTranscript: boolean },
): Promise<TaskWords> =>
  await deps.tools.withWorkspace(taskId, async (workspace) => {
    const path = workspace.path('words')
    await deps.storage.downloadTo(inputKey, path, cancellationSignal())
    const text = await readFile(path, 'utf8')
    return isTranscript
      ? { from: 'transcript', transcript: readTranscript(JSON.parse(text)) }
      : { from: 'subtitles', cues: readSubtitles(text) }
  })

/** As subtitles: those of a file keep their times; their lines are broken anew if limits are given. */
export const cuesOf = (words: TaskWords, limits: Partial<CaptionLimits>): readonly Cue[] => {
  if (words.from === 'transcript') {
    const { transcript } = words
    return layOutCues(transcript, { ...usualCaptionLimits(transcript.language), ...limits })
  }
  const isWished = limits.charsPerLineMax !== undefined || limits.linesMax !== undefined
  return isWished ? wrapped(words.cues, { ...usualCaptionLimits(''), ...limits }) : words.cues
}

/** The same cues with other lines. */
export const wrapped = (cues: readonly Cue[], limits: CaptionLimits): readonly Cue[] =>
  cues.map((cue) => ({ ...cue, text: wrapText(cue.text, limits) }))

/** Stores cues as the output of a task. *Idempotent:* the key belongs to the task. */
export const storeCues = async (
  deps: ActivityDependencies,
  taskId: TaskWorkInput['taskId'],
  cues: readonly Cue[],
  format: SubtitleFormat,
): Promise<TaskOutput> =>
  await deps.tools.withWorkspace(taskId, async (workspace) => {
    const filePath = workspace.path(`output.${format}`)
    await writeFile(filePath, writeSubtitles(cues, format))
    const storageKey = taskOutputKey(taskId, format)
    const contentType = SUBTITLE_CONTENT_TYPES[format]
    const signal = cancellationSignal()
    const { sizeBytes } = await deps.storage.put(storageKey, { filePath }, { contentType, signal })
    const durationSeconds = cues.at(-1)?.endSeconds ?? 0
    return { storageKey, contentType, sizeBytes, durationSeconds, widthPx: null, heightPx: null }
  })
