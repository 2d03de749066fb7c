import type { ComposeTools, MadeMedium, MediaWork } from './compose-job.ts'
import {
  convertMedium,
  extractAudio,
  resizeMedium,
  takeThumbnail,
  trimMedium,
} from './convert-medium.ts'
import { burnSubtitles } from './burn-subtitles.ts'
import { layerMedia } from './layer-media.ts'
import { mergeClips } from './merge-clips.ts'

/**
 * Does one media operation of a plan on files of this machine.
 *
 * *Guarantee:* what was made was probed and is what was ordered; nothing of it is a copy of what a
 * stranger claimed. *Output:* a file in the folder. *Errors:* INPUT_INVALID (with problems at
 * `params.…`), MEDIA_NO_VIDEO, MEDIA_NO_AUDIO, MEDIA_UNREADABLE (a source that breaks off),
 * ENCODER_CRASHED, ENCODER_TIMEOUT, DISK_FULL. *Cancellation:* rejects with the signal's reason when
 * ffmpeg is gone.
 */
export const runMediaOperation = async (work: MediaWork & ComposeTools): Promise<MadeMedium> => {
  switch (work.operation) {
    case 'merge':
      return await mergeClips(work, work.params)
    case 'addSubtitles':
      return await burnSubtitles(work, work.params)
    case 'layer':
      return await layerMedia(work, work.params)
    case 'resize':
      return await resizeMedium(work, work.params)
    case 'convert':
      return await convertMedium(work, work.params)
    case 'trim':
      return await trimMedium(work, work.params)
    case 'extractAudio':
      return await extractAudio(work, work.params)
    case 'thumbnail':
      return await takeThumbnail(work, work.params)
  }
}
