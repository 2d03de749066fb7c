import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { MediaError } from '../../domain/failures.ts'
import type { TimedText } from '../../domain/transcript.ts'
import { mixedSoundInput } from '../ffmpeg/compose/level-sound.ts'
import { programsOf, type ComposeTools } from '../ffmpeg/compose/compose-job.ts'
import { SOUND_RATE_HZ } from '../ffmpeg/compose/film-encoder.ts'
import { mixSound, type SoundPiece } from '../ffmpeg/compose/mix-sound.ts'
import { takenSeconds, takeSounds, toSoundShape } from '../ffmpeg/compose/take-sounds.ts'
import { assertSucceeded, runFfmpeg, spawnGuarded } from '../ffmpeg/process.ts'

export interface Speech {
  readonly text: string
  /** As espeak-ng names it (`en-us+f3`); what it cannot know is passed over. */
  readonly voice: string | null
  /** BCP 47. */
  readonly language: string | null
  /** 1: as fast as people speak. */
  readonly speed: number
}

export interface VoiceTools extends ComposeTools {
  /** Null: FFmpeg's own voice speaks, in English. */
  readonly espeakPath: string | null
}

const WORDS_PER_MINUTE = 160
const PAUSE_SECONDS = 0.28
const VOICE_NAME = /^[a-z]{2,3}(-[a-z0-9]+)*(\+[a-z0-9]+)?$/i

/**
 * Speaks a text into a WAV file, sentence by sentence. *Returns* the words with their times: those of
 * sentences are exact, within one of them they are shared out by letters. *Safety:* the text reaches the
 * engines by file. *Errors:* PROVIDER_REJECTED (nothing to say, a voice that is not there),
 * LANGUAGE_UNSUPPORTED (anything but English without espeak-ng).
 */
export const speak = async (
  tools: VoiceTools,
  outputPath: string,
  speech: Speech,
): Promise<readonly TimedText[]> => {
  const sentences = sentencesOf(speech.text)
  if (sentences.length === 0) throw new MediaError('PROVIDER_REJECTED', 'there is nothing to say')
  const voice = tools.espeakPath === null ? flite(tools) : espeak(tools, tools.espeakPath)
  const wishes = []
  for (const [index, sentence] of sentences.entries()) {
    const name = join(tools.folder, `sentence-${index}`)
    await writeFile(`${name}.txt`, sentence)
    await voice(speech, { textPath: `${name}.txt`, wavPath: `${name}.wav` })
    const filters = toSoundShape()
    wishes.push({ inputPath: `${name}.wav`, stream: 'a:0', filters, outputPath: `${name}.f32` })
  }
  await takeSounds(tools, wishes)
  const pieces: SoundPiece[] = []
  const words: TimedText[] = []
  let atSeconds = 0
  for (const [index, { outputPath: path }] of wishes.entries()) {
    const seconds = await takenSeconds(path)
    const startSample = Math.round(atSeconds * SOUND_RATE_HZ)
    pieces.push({ path, startSample, samplesMax: Infinity, volume: 1 })
    words.push(...shareOut(sentences[index] ?? '', atSeconds, seconds))
    atSeconds += seconds + PAUSE_SECONDS
  }
  await writeWav(tools, pieces, { outputPath, seconds: atSeconds - PAUSE_SECONDS })
  return words
}

/** Only what has something to pronounce. */
const sentencesOf = (text: string): string[] =>
  Array.from(new Intl.Segmenter('und', { granularity: 'sentence' }).segment(text), (part) =>
    part.segment.replaceAll(/[\p{Cc}\s]+/gu, ' ').trim(),
  ).filter((sentence) => /[\p{L}\p{N}]/u.test(sentence))

interface SentenceFiles {
  readonly textPath: string
  readonly wavPath: string
}

const espeak =
  (tools: VoiceTools, file: string) =>
  async (speech: Speech, { textPath, wavPath }: SentenceFiles): Promise<void> => {
    const { timeoutMs, signal } = programsOf(tools)
    const voice = [speech.voice, speech.language].find((name) => name && VOICE_NAME.test(name))
    const { ended } = spawnGuarded({
      file,
      args: [
        ...['-v', voice ?? 'en-us', '-s', String(Math.round(WORDS_PER_MINUTE * speech.speed))],
        ...['-f', textPath, '-w', wavPath],
      ],
      timeoutMs,
      ...(signal ? { signal } : {}),
    })
    const end = await ended
    if (end.exitCode !== 0 && /voice/i.test(end.stderrTail)) {
      throw new MediaError('PROVIDER_REJECTED', end.stderrTail)
    }
    assertSucceeded(file, end)
  }

const flite =
  (tools: VoiceTools) =>
  async (speech: Speech, { textPath, wavPath }: SentenceFiles): Promise<void> => {
    const { language } = speech
    if (language !== null && language.split('-')[0] !== 'en') {
      throw new MediaError('LANGUAGE_UNSUPPORTED', `without espeak-ng there is no ${language}`)
    }
    // Names are relative to the folder: nothing in them means anything to the filter.
    const name = textPath.slice(tools.folder.length + 1)
    await runFfmpeg({
      ...programsOf(tools),
      cwd: tools.folder,
      args: [
        ...['-f', 'lavfi', '-i', `flite=textfile=${name}:voice=slt`],
        ...['-af', `atempo=${speech.speed}`, '-f', 'wav', `file:${wavPath}`],
      ],
    })
  }

const shareOut = (sentence: string, startSeconds: number, seconds: number): TimedText[] => {
  const words = sentence.split(' ')
  const letters = words.reduce((total, word) => total + word.length + 1, 0)
  const at = (before: number) => startSeconds + (seconds * before) / letters
  let before = 0
  return words.map((text) => {
    const start = at(before)
    before += text.length + 1
    return { text, startSeconds: start, endSeconds: at(before) }
  })
}

const writeWav = async (
  tools: VoiceTools,
  pieces: readonly SoundPiece[],
  { outputPath, seconds }: { readonly outputPath: string; readonly seconds: number },
): Promise<void> => {
  const mixedPath = join(tools.folder, 'speech.f32')
  await mixSound(mixedPath, pieces, {
    totalSamples: Math.round(seconds * SOUND_RATE_HZ),
    isMeasured: false,
    ...(tools.signal ? { signal: tools.signal } : {}),
  })
  await runFfmpeg({
    ...programsOf(tools),
    args: [
      ...[...mixedSoundInput(mixedPath), '-ac', '1', '-c:a', 'pcm_s16le', '-f', 'wav'],
      `file:${outputPath}`,
    ],
  })
}
