import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { readTranscript } from '../../../contracts/http/tasks/transcript-file.ts'
import { MediaError } from '../../../domain/failures.ts'
import { exactRate } from '../../../domain/generation/compose/merge-plan.ts'
import type { CaptionWord, SubtitlesParams } from '../../../domain/generation/job-params.ts'
import { fitPicture } from '../../../domain/picture-size.ts'
import { framesPerSecond } from '../../../domain/rational-rate.ts'
import { tidyTimes, type Transcript } from '../../../domain/transcript.ts'
import { runFfmpeg } from '../process.ts'
import { safeInput } from '../safe-input.ts'
import { typesetCaptions } from './captions/typeset-captions.ts'
import { readClip } from './clip-facts.ts'
import { programsOf, type ComposeTools, type LocalMedium, type MadeMedium } from './compose-job.ts'
import { filmEncoderArguments, filmFilters, rateText, SOUND_ENCODER } from './film-encoder.ts'
import { verifyFilm } from './verify-film.ts'

/** Sounds that an MP4 takes as they are. */
const MP4_SOUNDS = new Set(['aac', 'mp3'])
const NO_SIZE_WISH = { widthPx: null, heightPx: null, fit: 'contain' } as const

/**
 * Burns captions into a video, word by word. *Guarantee:* no word is cut off, left out or becomes a
 * command; the fonts are ours and have every character, or nothing is drawn at all; the frames keep
 * their times. *Errors:* INPUT_INVALID (`params.words`: characters without a font, a transcript that
 * cannot be read), MEDIA_NO_VIDEO, MEDIA_UNREADABLE.
 */
export const burnSubtitles = async (
  tools: ComposeTools,
  { video, words, style }: SubtitlesParams<LocalMedium>,
): Promise<MadeMedium> => {
  const clip = await readClip(tools, video.path)
  if (clip.seconds === null)
    throw new MediaError('MEDIA_NO_VIDEO', 'captions need a moving picture')
  const frameRate = exactRate(clip.frameRate ?? 25)
  const { canvas } = fitPicture(clip.size, NO_SIZE_WISH, { even: true })
  const captions = await typesetCaptions(tools.folder, {
    style,
    frame: canvas,
    path: 'params.words',
    transcript: await transcriptOf(words, clip.seconds),
  })
  const pictures = [
    `fps=fps=${rateText(frameRate)}:start_time=0:round=near`,
    ...filmFilters(clip.stream, clip.size, { canvas, fit: 'cover' }),
    ...(captions === null ? [] : [captions]),
  ]
  const outputPath = join(tools.folder, 'captioned')
  const { seconds, sound } = clip
  await runFfmpeg({
    ...programsOf(tools),
    cwd: tools.folder,
    args: [
      ...[...safeInput({ path: video.path }), '-filter_complex'],
      ...[`[0:${clip.stream.index}]${pictures.join()}[v]`, '-map', '[v]'],
      ...filmEncoderArguments(frameRate),
      ...(sound ? ['-map', `0:${sound.index}`] : []),
      ...(sound && MP4_SOUNDS.has(sound.codec) ? ['-c:a', 'copy'] : SOUND_ENCODER),
      ...['-map_metadata', '-1', '-map_chapters', '-1', '-movflags', '+faststart', '-f', 'mp4'],
      `file:${outputPath}`,
    ],
    ...(tools.onProgress
      ? { onProgress: (done: number) => tools.onProgress?.(Math.min(1, done / seconds)) }
      : {}),
  })
  await verifyFilm(outputPath, {
    size: canvas,
    frames: Math.round(seconds * framesPerSecond(frameRate)),
    isHeard: sound !== null,
  })
  return { path: outputPath, contentType: 'video/mp4', media: 'video' }
}

const transcriptOf = async (
  words: readonly CaptionWord[] | LocalMedium,
  durationSeconds: number,
): Promise<Transcript> => {
  if ('path' in words) return readTranscriptFile(words.path)
  const timed = words.map(({ word, ...times }) => ({ text: word, ...times }))
  return {
    language: 'und',
    durationSeconds,
    segments: [],
    words: tidyTimes(timed, durationSeconds),
  }
}

const readTranscriptFile = async (path: string): Promise<Transcript> => {
  const text = await readFile(path, 'utf8')
  try {
    return readTranscript(JSON.parse(text))
  } catch (cause) {
    const message = 'is no transcript'
    throw new MediaError('INPUT_INVALID', `params.words ${message}`, {
      cause,
      problems: [{ path: 'params.words', message, fix: 'send what a transcription made' }],
    })
  }
}
