import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { processIdentity } from '../../../scripts/stack/process-identity.ts'
import { toolchain } from '../../../scripts/stack/toolchain.ts'
import { extractSpeech } from '../../../src/adapters/speech/extract-speech.ts'
import { createLocalSpeech } from '../../../src/adapters/speech/local-speech.ts'
import { eventually } from '../../support/eventually.ts'
import { makeMedia } from '../../support/media-corpus.ts'
import { asSpeechAudio, makeSpeech } from '../../support/speech.ts'

const programs = { ffmpegPath: 'ffmpeg', ffprobePath: 'ffprobe', timeoutMs: 120_000 }
const pythonPath = toolchain().pythonPath ?? 'python3'
const engine = createLocalSpeech({ ...programs, pythonPath })

let folder: string
let speechPath: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-speech-'))
  const sentences = ['Welcome to the show.', 'Today we will learn how to make a movie.']
  const wavPath = await makeSpeech(join(folder, 'speech.wav'), sentences, 2)
  speechPath = await asSpeechAudio(wavPath, join(folder, 'speech.flac'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const workIn = async () => {
  const work = await mkdtemp(join(folder, 'work-'))
  return (name: string) => join(work, name)
}
const job = async (audioPath: string, language: string | null = null) => ({
  audioPath,
  workPath: await workIn(),
  language,
  signal: new AbortController().signal,
})

describe('the local speech engine', () => {
  it('hears what is said, when it is said, and nothing in between', async () => {
    const ratios: number[] = []
    const { words, language, durationSeconds } = await engine.transcribe({
      ...(await job(speechPath)),
      onProgress: (ratio) => ratios.push(ratio),
    })
    const text = words.map((word) => word.text)
    expect(language).toBe('en')
    for (const word of ['welcome', 'today', 'learn', 'movie']) expect(text).toContain(word)
    const gaps = words.map(({ startSeconds }, index) => {
      return startSeconds - (words[index - 1]?.endSeconds ?? startSeconds)
    })
    // Two seconds of silence between the sentences, and a little that the voice adds by itself.
    expect(gaps[text.indexOf('today')]).toBeGreaterThan(1.9)
    expect(gaps.filter((gap) => gap > 1)).toHaveLength(1)
    expect(words.at(-1)?.endSeconds).toBeLessThan(durationSeconds - 1.5)
    expect(ratios.length).toBeGreaterThan(2)
    expect(ratios).toEqual(ratios.toSorted((a, b) => a - b))
  })

  it.each([
    ['silence', 'anullsrc=r=44100:cl=stereo'],
    ['a tone', 'sine=440'],
    ['a tenth of a second', 'sine=440:d=0.1'],
  ])('finds no speech in %s, and that is no failure', async (_what, source) => {
    const wavPath = await makeMedia(folder, '-f', 'lavfi', '-i', source, '-t', '3', 'none.wav')
    const audioPath = await asSpeechAudio(wavPath, join(folder, 'none.flac'))
    const transcript = await engine.transcribe(await job(audioPath))
    expect(transcript).toMatchObject({ language: 'en', segments: [], words: [] })
  })

  it('says at once that it knows no other language than English', async () => {
    await expect(engine.transcribe(await job(speechPath, 'de-AT'))).rejects.toMatchObject({
      code: 'LANGUAGE_UNSUPPORTED',
    })
  })

  it('stops when it is cancelled, with the reason', async () => {
    const controller = new AbortController()
    const reason = new Error('no longer wanted')
    const started = engine.transcribe({
      ...(await job(speechPath)),
      signal: controller.signal,
      onProgress: () => controller.abort(reason),
    })
    await expect(started).rejects.toBe(reason)
  })

  it('fails for good words when its Python has no engine', async () => {
    const broken = createLocalSpeech({ ...programs, pythonPath: '/usr/bin/python3' })
    await expect(broken.transcribe(await job(speechPath))).rejects.toMatchObject({
      code: expect.stringMatching(/^(?:ENCODER_CRASHED|INTERNAL)$/) as string,
    })
  })

  it('leaves no Python behind when its worker is killed', async () => {
    const work = await workIn()
    const program = new URL('./orphan-engine.ts', import.meta.url).pathname
    const args = [program, pythonPath, speechPath, work('x')]
    const parent = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    const [pid] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string]
    expect(processIdentity(Number(pid))).not.toBeNull()
    parent.kill('SIGKILL')
    await eventually(() => expect(processIdentity(Number(pid))).toBeNull())
  })
})

describe('the sound for a speech engine', () => {
  it('keeps the times of a film whose sound begins late', async () => {
    const film = await makeMedia(
      folder,
      ...['-f', 'lavfi', '-i', 'color=black:s=64x64:r=10:d=5'],
      ...['-itsoffset', '2', '-f', 'lavfi', '-i', 'sine=440:d=3'],
      ...['-c:v', 'libx264', '-c:a', 'aac', 'late.mp4'],
    )
    const outputPath = join(folder, 'late.flac')
    const made = await extractSpeech({ ...programs, inputPath: film, outputPath })
    expect(made.durationSeconds).toBeGreaterThan(4.8)
    expect(made.durationSeconds).toBeLessThan(5.2)
  })

  it('is of the part that was asked for', async () => {
    const inputPath = await makeMedia(folder, '-f', 'lavfi', '-i', 'sine=440:d=9', 'nine.mp3')
    const outputPath = join(folder, 'part.flac')
    const part = { startSeconds: 2, endSeconds: 4.5 }
    const { durationSeconds } = await extractSpeech({ ...programs, ...part, inputPath, outputPath })
    expect(durationSeconds).toBeCloseTo(2.5, 1)
  })

  it('is missing from a silent film, and that has its own name', async () => {
    const source = ['-f', 'lavfi', '-i', 'color=black:s=64x64:r=10:d=1', '-c:v', 'libx264']
    const inputPath = await makeMedia(folder, ...source, 'silent.mp4')
    const outputPath = join(folder, 'silent.flac')
    await expect(extractSpeech({ ...programs, inputPath, outputPath })).rejects.toMatchObject({
      code: 'MEDIA_NO_AUDIO',
    })
  })
})
