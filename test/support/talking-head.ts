import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A face of 512 by 512 pixels. */
const FACE_PATH = fileURLToPath(new URL('../media/astronaut.jpg', import.meta.url))
const FACE_SIDE_PX = 300

/**
 * A made-up talking head of which everything is known: a face that walks over one field until the cut, then
 * stays at the right of another, and a voice. 864 by 486 pixels, 25 frames a second.
 */
export const makeTalkingHead = async (
  path: string,
  {
    voicePath,
    durationSeconds,
    cutSeconds,
  }: {
    readonly voicePath: string
    readonly durationSeconds: number
    readonly cutSeconds: number
  },
): Promise<string> => {
  const field = (color: string, seconds: number) => [
    ...['-f', 'lavfi', '-i', `color=${color}:size=864x486:rate=25:duration=${seconds}`],
  ]
  const x = `if(lt(t,${cutSeconds}),20+12*t,560)`
  await run('ffmpeg', [
    ...['-v', 'error', '-y'],
    ...field('0x203040', cutSeconds),
    ...field('0xc0b090', durationSeconds - cutSeconds),
    ...['-loop', '1', '-framerate', '25', '-t', String(durationSeconds), '-i', FACE_PATH],
    ...['-i', voicePath],
    '-filter_complex',
    `[0][1]concat[f];[2]scale=${FACE_SIDE_PX}:${FACE_SIDE_PX}[p];[f][p]overlay=x='${x}':y=90[v];[3]apad[a]`,
    ...['-map', '[v]', '-map', '[a]', '-t', String(durationSeconds)],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-c:a', 'aac', path],
  ])
  return path
}
