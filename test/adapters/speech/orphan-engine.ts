/** Started by local-speech.test.ts: transcribes, prints the engine's pid, and waits to be killed. */
import { readdir, readFile } from 'node:fs/promises'
import { createLocalSpeech } from '../../../src/adapters/speech/local-speech.ts'

const [pythonPath = '', audioPath = '', workPath = ''] = process.argv.slice(2)
const programs = { ffmpegPath: 'ffmpeg', ffprobePath: 'ffprobe', timeoutMs: 120_000 }

const tellChild = async () => {
  for (const pid of await readdir('/proc')) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
    if (/^\d+ \(python[^)]*\) \S \d+/.test(stat) && stat.includes(` ${process.pid} `)) {
      process.stdout.write(`${pid}\n`)
      return
    }
  }
}

let told = false
await createLocalSpeech({ ...programs, pythonPath }).transcribe({
  audioPath,
  workPath: (name) => `${workPath}-${name}`,
  language: null,
  signal: new AbortController().signal,
  onProgress: () => {
    if (!told) void tellChild()
    told = true
  },
})
