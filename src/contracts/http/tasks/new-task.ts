import { z } from 'zod'
import { httpUrlField, idField, metadataField } from '../fields.ts'
import { priorityField } from '../videos.ts'
import { audioTaskOptions, imageTaskOptions, videoTaskOptions } from './conversion-options.ts'
import { storyboardTaskOptions, waveformTaskOptions } from './description-options.ts'
import { renderTaskOptions } from './render-options.ts'
import { adaptiveVideoTaskOptions } from './stream-options.ts'
import {
  subtitlesTaskOptions,
  transcriptionTaskOptions,
  translationTaskOptions,
} from './words-options.ts'

const common = {
  input: z.union([httpUrlField, idField('media')], {
    error: 'is neither an http(s) URL nor the id of a medium',
  }),
  metadata: metadataField.default({}),
  webhook_url: httpUrlField.nullable().optional(),
  priority: priorityField.optional(),
}

const order = <Kind extends string, Options extends z.ZodType>(kind: Kind, options: Options) =>
  z.strictObject({ ...common, kind: z.literal(kind), options })

/** One single media operation. Which options there are depends on its kind. */
export const newTask = z.discriminatedUnion('kind', [
  order('render', renderTaskOptions.prefault({})),
  order('video', videoTaskOptions.prefault({})),
  order('audio', audioTaskOptions.prefault({})),
  order('image', imageTaskOptions.prefault({})),
  order('adaptive_video', adaptiveVideoTaskOptions.prefault({})),
  order('transcription', transcriptionTaskOptions.prefault({})),
  order('speech', transcriptionTaskOptions.prefault({})),
  order('subtitles', subtitlesTaskOptions.prefault({})),
  // Without any options the language is what is missing.
  order('translation', translationTaskOptions.prefault({} as { language: string })),
  order('waveform', waveformTaskOptions.prefault({})),
  order('storyboard', storyboardTaskOptions.prefault({})),
])
export type NewTask = z.output<typeof newTask>
