/** Options of the kinds that describe a medium for players: how it sounds and looks along its length. */

import { z } from 'zod'
import { DEFAULT_STORYBOARD, DEFAULT_WAVEFORM } from '../../../domain/media-conversions.ts'

/** Peaks as JSON, in the format that audiowaveform made common. */
export const waveformTaskOptions = z.strictObject({
  format: z.literal('json').default('json'),
  pixels_per_second: z.int().min(1).max(100).default(DEFAULT_WAVEFORM.pixelsPerSecond),
  bits: z.literal([8, 16]).default(DEFAULT_WAVEFORM.bits),
  split_channels: z.boolean().default(DEFAULT_WAVEFORM.splitChannels),
})

/** Sheets of small pictures, and a VTT file that says which is where. */
export const storyboardTaskOptions = z.strictObject({
  format: z.enum(['jpg', 'webp']).default(DEFAULT_STORYBOARD.format),
  width: z.int().min(32).max(640).default(DEFAULT_STORYBOARD.tileWidthPx),
  /** Seconds between two pictures, at the least. */
  interval: z.number().min(0.1).max(3600).default(DEFAULT_STORYBOARD.intervalSecondsMin),
  columns: z.int().min(1).max(20).default(DEFAULT_STORYBOARD.columns),
  rows: z.int().min(1).max(20).default(DEFAULT_STORYBOARD.rows),
  count: z.int().min(1).max(1000).default(DEFAULT_STORYBOARD.tilesMax),
})
