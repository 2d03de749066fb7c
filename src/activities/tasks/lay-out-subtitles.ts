import type { TaskWork } from '../../contracts/activities.ts'
import {
  subtitlesTaskOptions,
  type SubtitlesTaskOptions,
} from '../../contracts/http/tasks/words-options.ts'
import type { CaptionLimits } from '../../domain/captions/layout.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { taskRow } from './task-row.ts'
import { cuesOf, readTaskWords, storeCues } from './words-of-task.ts'

/**
 * Makes the subtitle file of a task out of a transcript, or of another subtitle file. *Idempotent:* the
 * key belongs to the task. *Errors:* SUBTITLES_UNREADABLE, MEDIA_TOO_LARGE (final); STORAGE_UNAVAILABLE,
 * DISK_FULL (retried).
 */
export const layOutSubtitles =
  (deps: ActivityDependencies): TaskWork['layOutSubtitles'] =>
  async (work) => {
    const options = subtitlesTaskOptions.parse((await taskRow(deps, work.taskId)).options)
    const cues = cuesOf(await readTaskWords(deps, work), limitsOf(options))
    return await storeCues(deps, work.taskId, cues, options.format)
  }

const limitsOf = (options: SubtitlesTaskOptions): Partial<CaptionLimits> => ({
  ...(options.max_chars === undefined ? {} : { charsPerLineMax: options.max_chars }),
  ...(options.max_lines === undefined ? {} : { linesMax: options.max_lines }),
  ...(options.max_cps === undefined ? {} : { charsPerSecondMax: options.max_cps }),
})
