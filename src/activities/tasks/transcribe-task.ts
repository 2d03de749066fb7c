import { writeFile } from 'node:fs/promises'
import { cancellationSignal } from '@temporalio/activity'
import type { TaskWork } from '../../contracts/activities.ts'
import { writeTranscript } from '../../contracts/http/tasks/transcript-file.ts'
import type { Task } from '../../db/repositories/tasks.ts'
import { MediaError } from '../../domain/failures.ts'
import { taskFolder, taskOutputKey } from '../../domain/storage-keys.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { orderAnswers } from '../lib/order-answers.ts'
import { progressReporter } from '../lib/task-progress.ts'
import { taskRow } from './task-row.ts'

const CONTENT_TYPE = 'application/json'

/**
 * Writes down what is said in a task's input: for a transcription as it is asked for, for other kinds
 * with all that later work may need. *Idempotent:* the key belongs to the task, and what an attempt was
 * answered is not asked again. *Errors:* NOT_CONFIGURED, LANGUAGE_UNSUPPORTED, PROVIDER_REJECTED,
 * MEDIA_UNREADABLE (final); PROVIDER_UNAVAILABLE, PROVIDER_OUTPUT_INVALID, ENCODER_CRASHED,
 * STORAGE_UNAVAILABLE (retried). *Cancellation:* the engine is stopped.
 */
export const transcribeTask =
  (deps: ActivityDependencies): TaskWork['transcribeTask'] =>
  async ({ taskId, inputKey }) => {
    const { speech, storage, tools } = deps
    if (speech === null) throw new MediaError('NOT_CONFIGURED', 'no speech engine')
    const task = await taskRow(deps, taskId)
    const { language, words, speakers, ...span } = wishOf(task)
    return await tools.withWorkspace(taskId, async (workspace) => {
      const signal = cancellationSignal()
      const inputPath = workspace.path('input')
      const audioPath = workspace.path('speech.flac')
      await storage.downloadTo(inputKey, inputPath, signal)
      await tools.extractSpeech({ inputPath, outputPath: audioPath, ...span, signal })
      const progress = progressReporter(deps, task)
      const transcript = await speech.transcribe({
        audioPath,
        workPath: workspace.path,
        language,
        signal,
        onProgress: progress.report,
        remember: orderAnswers(deps, taskFolder(taskId)),
      })
      await progress.settled()
      const filePath = workspace.path('transcript.json')
      await writeFile(filePath, JSON.stringify(writeTranscript(transcript, { words, speakers })))
      const storageKey = taskOutputKey(taskId, 'json')
      const contentType = CONTENT_TYPE
      const { sizeBytes } = await storage.put(storageKey, { filePath }, { contentType, signal })
      const { durationSeconds } = transcript
      return { storageKey, contentType, sizeBytes, durationSeconds, widthPx: null, heightPx: null }
    })
  }

/** Of the options of all kinds that begin with a transcript. */
const wishOf = ({ kind, options }: Task) => {
  const { words, speakers, start, end } = options
  // Of a translation `language` is what it becomes.
  const spoken = kind === 'translation' ? options['source_language'] : options['language']
  const isAskedFor = kind === 'transcription'
  return {
    language: typeof spoken === 'string' ? spoken : null,
    words: isAskedFor ? words !== false : true,
    speakers: isAskedFor ? speakers === true : false,
    startSeconds: typeof start === 'number' ? start : null,
    endSeconds: typeof end === 'number' ? end : null,
  }
}
