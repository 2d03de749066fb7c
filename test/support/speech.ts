import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { extractSpeech } from '../../src/adapters/speech/extract-speech.ts'

const run = promisify(execFile)

/** FFmpeg's own voice says the sentences, each followed by so many seconds of silence. */
export const makeSpeech = async (
  path: string,
  sentences: readonly string[],
  pauseSeconds = 1,
): Promise<string> => {
  const inputs = sentences.flatMap((text) => [
    '-f',
    'lavfi',
    '-i',
    `flite=text='${text}':voice=slt`,
  ])
  const padded = sentences.map((_, index) => `[${index}]apad=pad_dur=${pauseSeconds}[p${index}]`)
  const joined = `${sentences.map((_, index) => `[p${index}]`).join('')}concat=n=${sentences.length}:v=0:a=1`
  const graph = [...padded, joined].join(';')
  await run('ffmpeg', ['-v', 'error', '-y', ...inputs, '-filter_complex', graph, path])
  return path
}

/** As speech engines get it. */
export const asSpeechAudio = async (inputPath: string, outputPath: string): Promise<string> => {
  const programs = { ffmpegPath: 'ffmpeg', ffprobePath: 'ffprobe', timeoutMs: 60_000 }
  await extractSpeech({ ...programs, inputPath, outputPath })
  return outputPath
}
