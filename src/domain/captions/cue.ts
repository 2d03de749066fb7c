/** One subtitle on the screen: plain text, of which `\n` parts the lines. */
export interface Cue {
  readonly startSeconds: number
  readonly endSeconds: number
  readonly text: string
}

export const SUBTITLE_FORMATS = ['vtt', 'srt'] as const
export type SubtitleFormat = (typeof SUBTITLE_FORMATS)[number]
