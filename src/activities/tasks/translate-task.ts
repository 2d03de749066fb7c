import { cancellationSignal } from '@temporalio/activity'
import type { TaskWork } from '../../contracts/activities.ts'
import { translationTaskOptions } from '../../contracts/http/tasks/words-options.ts'
import { usualCaptionLimits } from '../../domain/captions/layout.ts'
import { MediaError } from '../../domain/failures.ts'
import { taskFolder } from '../../domain/storage-keys.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { orderAnswers } from '../lib/order-answers.ts'
import { progressReporter } from '../lib/task-progress.ts'
import { taskRow } from './task-row.ts'
import { cuesOf, readTaskWords, storeCues, wrapped } from './words-of-task.ts'

/**
 * Translates the words of a task's input into a subtitle file with the same times. *Idempotent:* the key
 * belongs to the task, and what an attempt was answered is not asked again. *Errors:* NOT_CONFIGURED,
 * LANGUAGE_UNSUPPORTED, SUBTITLES_UNREADABLE, MEDIA_TOO_LARGE, PROVIDER_REJECTED (final);
 * PROVIDER_UNAVAILABLE, PROVIDER_OUTPUT_INVALID, STORAGE_UNAVAILABLE (retried). *Cancellation:* the call
 * to the translator is given up.
 */
export const translateTask =
  (deps: ActivityDependencies): TaskWork['translateTask'] =>
  async (work) => {
    const { translator } = deps
    if (translator === null) throw new MediaError('NOT_CONFIGURED', 'no translator')
    const task = await taskRow(deps, work.taskId)
    const options = translationTaskOptions.parse(task.options)
    const words = await readTaskWords(deps, work)
    const heard = words.from === 'transcript' ? words.transcript.language : null
    const progress = progressReporter(deps, task)
    const translated = await translator.translate({
      cues: cuesOf(words, {}),
      sourceLanguage: options.source_language ?? heard,
      targetLanguage: options.language,
      signal: cancellationSignal(),
      onProgress: progress.report,
      remember: orderAnswers(deps, taskFolder(work.taskId)),
    })
    await progress.settled()
    const cues = wrapped(translated, usualCaptionLimits(options.language))
    return await storeCues(deps, work.taskId, cues, options.format)
  }
