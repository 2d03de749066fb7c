import { z } from 'zod'
import { httpUrlField, lineField } from '../fields.ts'
import { renditionsField } from '../renditions.ts'
import { languageField } from './option-fields.ts'

/** A ladder of renditions, for players that choose by the line they have. */
export const adaptiveVideoTaskOptions = z.strictObject({
  /** `cmaf`: both manifests over the same files. Of all three, the files are the same. */
  format: z.enum(['hls', 'dash', 'cmaf']).default('hls'),
  renditions: renditionsField,
  /** Subtitle files (VTT or SRT) that become tracks. */
  captions: z
    .array(
      z.strictObject({
        language: languageField,
        label: lineField(60).optional(),
        url: httpUrlField,
      }),
    )
    .max(40)
    .refine((tracks) => new Set(tracks.map(({ language }) => language)).size === tracks.length, {
      error: 'has two tracks of one language',
    })
    .default([]),
  audio_tracks: z.enum(['first', 'all']).default('first'),
  hdr: z.boolean().default(false),
})
export type AdaptiveVideoTaskOptions = z.infer<typeof adaptiveVideoTaskOptions>
