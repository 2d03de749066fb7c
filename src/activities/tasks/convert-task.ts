import type { TaskWork, TaskWorkInput } from '../../contracts/activities.ts'
import {
  audioTaskOptions,
  imageTaskOptions,
  videoTaskOptions,
  type AudioTaskOptions,
  type ImageTaskOptions,
  type VideoTaskOptions,
} from '../../contracts/http/tasks/conversion-options.ts'
import type { Task } from '../../db/repositories/tasks.ts'
import { MediaError } from '../../domain/failures.ts'
import {
  AUDIO_EXTENSIONS,
  VIDEO_EXTENSIONS,
  type AudioConversion,
  type ImageConversion,
  type VideoConversion,
} from '../../domain/media-conversions.ts'
import type { TaskOutput } from '../../domain/task-output.ts'
import type { ActivityDependencies } from '../dependencies.ts'
import { makeTaskFile } from './make-task-file.ts'
import { taskRow } from './task-row.ts'

/**
 * Makes the one file that a `video`, `audio` or `image` task asks for. *Output:* measured on the file.
 * *Idempotent:* the key belongs to the task. *Errors:* MEDIA_UNREADABLE, MEDIA_NO_AUDIO, INPUT_INVALID
 * (final); ENCODER_CRASHED, ENCODER_TIMEOUT, DISK_FULL, STORAGE_UNAVAILABLE (retried). *Cancellation:*
 * ffmpeg is ended within seconds and the workspace removed.
 */
export const convertTask =
  (deps: ActivityDependencies): TaskWork['convertTask'] =>
  async (work) => {
    const task = await taskRow(deps, work.taskId)
    switch (task.kind) {
      case 'video':
        return await convertVideo(deps, work, task)
      case 'audio':
        return await convertAudio(deps, work, task)
      case 'image':
        return await convertImage(deps, work, task)
      default:
        throw new MediaError('INTERNAL', `${task.id} of kind ${task.kind} is no conversion`)
    }
  }

const convertVideo = async (
  deps: ActivityDependencies,
  work: TaskWorkInput,
  task: Task,
): Promise<TaskOutput> => {
  const conversion = videoConversion(videoTaskOptions.parse(task.options))
  const extension = VIDEO_EXTENSIONS[conversion.format]
  return await makeTaskFile(deps, { ...work, task, extension }, (job) =>
    deps.tools.convertVideo({ ...job, conversion }),
  )
}

const convertAudio = async (
  deps: ActivityDependencies,
  work: TaskWorkInput,
  task: Task,
): Promise<TaskOutput> => {
  const { format, ...options } = audioTaskOptions.parse(task.options)
  if (format === 'json') throw new MediaError('INTERNAL', `${task.id} asks for words`)
  const conversion = audioConversion({ format, ...options })
  return await makeTaskFile(
    deps,
    { ...work, task, extension: AUDIO_EXTENSIONS[conversion.format] },
    (job) => deps.tools.convertAudio({ ...job, conversion }),
  )
}

const convertImage = async (
  deps: ActivityDependencies,
  work: TaskWorkInput,
  task: Task,
): Promise<TaskOutput> => {
  const conversion = imageConversion(imageTaskOptions.parse(task.options))
  return await makeTaskFile(deps, { ...work, task, extension: conversion.format }, (job) =>
    deps.tools.convertImage({ ...job, conversion }),
  )
}

const videoConversion = (options: VideoTaskOptions): VideoConversion => ({
  format: options.format,
  codec: options.codec ?? null,
  widthPx: options.width ?? null,
  heightPx: options.height ?? null,
  fit: options.fit,
  startSeconds: options.start ?? null,
  endSeconds: options.end ?? null,
  quality: options.quality,
  frameRate: options.fps ?? null,
  audio: options.audio,
})

const audioConversion = (
  options: AudioTaskOptions & Pick<AudioConversion, 'format'>,
): AudioConversion => ({
  format: options.format,
  quality: options.quality,
  startSeconds: options.start ?? null,
  endSeconds: options.end ?? null,
  normalize: options.normalize,
})

const imageConversion = (options: ImageTaskOptions): ImageConversion => ({
  at: options.start,
  widthPx: options.width ?? null,
  heightPx: options.height ?? null,
  fit: options.fit,
  format: options.format,
})
