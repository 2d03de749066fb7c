import type { TaskWork } from '../../contracts/activities.ts'
import { waveformTaskOptions } from '../../contracts/http/tasks/description-options.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { makeTaskFile } from './make-task-file.ts'
import { taskRow } from './task-row.ts'

/**
 * Measures the peaks of a medium's sound into a JSON file. *Idempotent:* the key belongs to the task.
 * *Errors:* MEDIA_UNREADABLE, MEDIA_NO_AUDIO (final); ENCODER_CRASHED, ENCODER_TIMEOUT, DISK_FULL,
 * STORAGE_UNAVAILABLE (retried). *Cancellation:* ffmpeg is ended within seconds.
 */
export const measureWaveform =
  (deps: ActivityDependencies): TaskWork['measureWaveform'] =>
  async (work) => {
    const task = await taskRow(deps, work.taskId)
    const options = waveformTaskOptions.parse(task.options)
    const spec = {
      pixelsPerSecond: options.pixels_per_second,
      bits: options.bits,
      splitChannels: options.split_channels,
    }
    return await makeTaskFile(deps, { ...work, task, extension: 'json' }, async (job) => ({
      ...(await deps.tools.measurePeaks({ ...job, spec })),
      widthPx: null,
      heightPx: null,
    }))
  }
