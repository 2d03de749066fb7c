import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { captionLook } from '../../../../domain/captions/ass-look.ts'
import { pagesOf } from '../../../../domain/captions/ass-pages.ts'
import { writeAssScript } from '../../../../domain/captions/ass-script.ts'
import { spokenTokens, type SpokenToken } from '../../../../domain/captions/tokens.ts'
import type { FrameSize } from '../../../../domain/frame-size.ts'
import type { CaptionStyle } from '../../../../domain/generation/job-params.ts'
import type { Transcript } from '../../../../domain/transcript.ts'
import { findCaptionFonts } from './caption-fonts.ts'

export interface CaptionOrder {
  readonly transcript: Transcript
  readonly style: CaptionStyle
  /** Of the picture that they are drawn into. */
  readonly frame: FrameSize
  /** Where the words stand in the order, for the problems. */
  readonly path: string
  /** Seconds in which they stand in the middle of the picture, whatever the style says. */
  readonly inMiddle?: readonly { readonly startSeconds: number; readonly endSeconds: number }[]
}

/** Letters of a mean width in a line; what is longer than a line by itself is parted. */
const LETTER_WIDTH = 0.5
const CHARS_PER_LINE = { min: 8, max: 42 } as const

const SCRIPT_NAME = 'captions.ass'
const FONT_FOLDER_NAME = 'fonts'
const EMOJI = /^[\p{Extended_Pictographic}\p{Regional_Indicator}]/u
/** Controls, and overrides of the direction: nobody sees them, and they would reorder a line. */
const UNPRINTABLE = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]+/gu

/**
 * Sets captions: the script and its fonts go into a folder. *Returns* the filter that draws them, for an
 * ffmpeg that runs in that folder, and nothing of the text; null where there is nothing to say.
 * *Errors:* INPUT_INVALID: characters that no font here has.
 */
export const typesetCaptions = async (
  folder: string,
  { transcript, style, frame, path, inMiddle = [] }: CaptionOrder,
): Promise<string | null> => {
  const look = captionLook(style, frame)
  const lineWidth = Math.max(
    frame.widthPx / 4,
    frame.widthPx - look.marginLeftPx - look.marginRightPx - 2 * look.outlinePx,
  )
  const chars = Math.floor(lineWidth / (look.sizePx * LETTER_WIDTH))
  const charsPerLine = Math.min(CHARS_PER_LINE.max, Math.max(CHARS_PER_LINE.min, chars))
  const tokens = spokenTokens(transcript, charsPerLine).flatMap(printable)
  if (tokens.length === 0) return null
  const text = tokens.map((token) => token.text).join(' ')
  const fonts = await findCaptionFonts(text, { isBold: look.isBold, path })
  const widthOf = (part: string): number => fonts.widthOf(part, look.sizePx)
  const { linesMax, wordsMax } = look
  const limits = {
    lineWidth,
    linesMax,
    wordsMax,
    widthOf,
    spaceWidth: widthOf(' ') * look.spaceScale,
    breaksSeconds: inMiddle.flatMap(({ startSeconds, endSeconds }) => [startSeconds, endSeconds]),
  }
  const pages = pagesOf(tokens, limits)
  const script = writeAssScript({ frame, look, pages, runsOf: fonts.runsOf, inMiddle })
  await mkdir(join(folder, FONT_FOLDER_NAME), { recursive: true })
  await fonts.writeTo(join(folder, FONT_FOLDER_NAME))
  await writeFile(join(folder, SCRIPT_NAME), script)
  return `ass=filename=${SCRIPT_NAME}:fontsdir=${FONT_FOLDER_NAME}:shaping=complex`
}

const printable = (token: SpokenToken): SpokenToken[] => {
  const text = token.text.replaceAll(UNPRINTABLE, '')
  // Words of engines have no space in front of signs; emoji are words of their own.
  const spaceBefore = token.spaceBefore || EMOJI.test(text)
  return text === '' ? [] : [{ ...token, text, spaceBefore }]
}
