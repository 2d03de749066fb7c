/** Started by process.test.ts: runs an endless encode, prints its pid, and waits to be killed. */
import { spawnFfmpeg } from '../../../src/adapters/ffmpeg/process.ts'

const { pid } = spawnFfmpeg({
  ffmpegPath: 'ffmpeg',
  args: ['-re', '-f', 'lavfi', '-i', 'anullsrc', '-t', '120', '-f', 'null', '-'],
  timeoutMs: 120_000,
})
process.stdout.write(`${pid}\n`)
