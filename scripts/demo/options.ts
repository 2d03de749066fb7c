import { statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { FORMATS } from '../../src/domain/frame-size.ts'
import type { Format } from '../../src/domain/frame-size.ts'
import { DEFAULT_TEMPLATE, TEMPLATES } from '../../src/domain/render-spec.ts'
import type { Template } from '../../src/domain/render-spec.ts'
import { projectRoot } from '../stack/toolchain.ts'

/** The song that comes with Spool; examples/media/ATTRIBUTION.md says whose it is. */
const BUNDLED_SONG = join(projectRoot, 'examples', 'media', 'vibe-ace.ogg')
/** Where the band is in full swing. */
const BUNDLED_START_SECONDS = 14
/** Long enough to judge a video by, short enough to wait for. */
const REGION_SECONDS = 16

export const DEMO_HELP = `Renders a video of a song on the stack of this clone.

  npm run demo -- [options]

  --song FILE      a song of yours; without it the one that comes with Spool
  --start SECONDS  where the video begins in the song
  --end SECONDS    where it ends; ${REGION_SECONDS} seconds after the start by default
  --format F       ${FORMATS.join(', ')} (${FORMATS[0]})
  --template NAME  ${TEMPLATES.join(', ')} (${DEFAULT_TEMPLATE})
  --title T        what stands in the picture; by default the song's own tags
  --artist A       or its file name
  --json           one JSON object on standard output, progress on standard error
  --help
`

/** What the command line asks for. Seconds count from the beginning of the song. */
export type DemoOptions = {
  /** Absolute. */
  songPath: string
  startSeconds?: number
  endSeconds?: number
  format: Format
  template: Template
  title?: string
  artist?: string
  json: boolean
}

/** The command line is not what it should be; the message is one sentence. */
export class UsageError extends Error {}

const ARGUMENTS = {
  song: { type: 'string' },
  start: { type: 'string' },
  end: { type: 'string' },
  format: { type: 'string', default: FORMATS[0] },
  template: { type: 'string', default: DEFAULT_TEMPLATE },
  title: { type: 'string' },
  artist: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const

/**
 * Reads the command line; relative paths begin at `directory`. 'help' when help was asked for.
 * Throws UsageError.
 */
export function demoOptions(args: readonly string[], directory: string): DemoOptions | 'help' {
  const values = parsed(args)
  if (values.help) return 'help'
  const startSeconds = seconds('--start', values.start)
  const endSeconds = seconds('--end', values.end)
  if (endSeconds !== undefined && endSeconds <= (startSeconds ?? 0)) {
    throw new UsageError(`--end ${endSeconds} is not after --start ${startSeconds ?? 0}.`)
  }
  return {
    songPath: values.song === undefined ? BUNDLED_SONG : songFile(values.song, directory),
    ...(startSeconds !== undefined && { startSeconds }),
    ...(endSeconds !== undefined && { endSeconds }),
    format: oneOf('--format', values.format, FORMATS),
    template: oneOf('--template', values.template, TEMPLATES),
    ...(values.title !== undefined && { title: values.title }),
    ...(values.artist !== undefined && { artist: values.artist }),
    json: values.json,
  }
}

/** The part of the song to render: what was asked for, filled up to a short video. */
export function demoRegion(
  {
    songPath,
    startSeconds,
    endSeconds,
  }: Pick<DemoOptions, 'songPath' | 'startSeconds' | 'endSeconds'>,
  songSeconds: number,
): { startSeconds: number; endSeconds: number } {
  const usualStart = songPath === BUNDLED_SONG ? BUNDLED_START_SECONDS : 0
  const start =
    startSeconds ??
    (endSeconds === undefined ? usualStart : Math.max(0, endSeconds - REGION_SECONDS))
  // A start behind the end of the song is left to the API, which says so.
  const lastEnd = start < songSeconds ? songSeconds : Infinity
  return {
    startSeconds: start,
    endSeconds: endSeconds ?? Math.min(start + REGION_SECONDS, lastEnd),
  }
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: ARGUMENTS }).values
  } catch (error) {
    // "Unknown option '--foo'. To specify a positional argument starting with …": the first is enough.
    const [sentence = ''] = (error as Error).message.split(/\.\s|\n/, 1)
    throw new UsageError(`${sentence.replace(/\.$/, '')}.`, { cause: error })
  }
}

function seconds(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value
  throw new UsageError(`${option} ${text} is not a time in seconds, such as 12.5.`)
}

function oneOf<Choice extends string>(
  option: string,
  text: string,
  choices: readonly Choice[],
): Choice {
  const choice = choices.find((each) => each === text)
  if (choice !== undefined) return choice
  throw new UsageError(`${option} ${text} is none of ${choices.join(', ')}.`)
}

function songFile(asked: string, directory: string): string {
  const path = resolve(directory, asked)
  const found = statSync(path, { throwIfNoEntry: false })
  if (!found) throw new UsageError(`--song ${asked}: there is no such file.`)
  if (!found.isFile()) throw new UsageError(`--song ${asked} is not a file.`)
  return path
}
